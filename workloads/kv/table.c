/* SPDX-License-Identifier: MIT */
/* table.c: the hash table (table.h). */
#include "kv/table.h"
#include "kv/heap.h"
#include "kv/sip.h"
#include "toll_hash.h"
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 1024u
#define MOVE_STEP 4u /* buckets moved by each request while the table grows */

/* ---- memory ---- */

static size_t entry_bytes(const struct entry *e)
{
    return sizeof *e + e->key_length + sizeof *e->value + e->value->room;
}

bool table_has_room(const struct table *t, size_t n)
{
    return !t->limit || (t->bytes <= t->limit && n <= t->limit - t->bytes);
}

static struct value *value_make(struct text text, size_t room)
{
    struct value *v = malloc(sizeof *v + room);

    if (v) {
        v->length = text.length;
        v->room = room;
        memcpy(v->data, text.at, text.length);
    }
    return v;
}

static void entry_free(struct table *t, struct entry *e)
{
    t->bytes -= entry_bytes(e);
    free(e->value);
    free(e);
}

/* ---- buckets ---- */

static struct entry **buckets_make(struct table *t, size_t n)
{
    struct entry **buckets = calloc(n, sizeof *buckets);

    if (buckets)
        t->bytes += n * sizeof *buckets;
    return buckets;
}

static void buckets_drop(struct table *t, unsigned which)
{
    t->bytes -= (t->mask[which] + 1) * sizeof *t->buckets[which];
    free(t->buckets[which]);
    t->buckets[which] = NULL;
}

bool table_init(struct table *t, const uint64_t key[2], size_t limit)
{
    *t = (struct table){.mask = {BUCKETS_FIRST - 1}, .limit = limit, .key = {key[0], key[1]}};
    t->buckets[0] = buckets_make(t, BUCKETS_FIRST);
    return t->buckets[0] != NULL;
}

void table_free(struct table *t)
{
    table_clear(t);
    free(t->buckets[0]);
    free(t->heap);
    *t = (struct table){0};
}

/* Moves some buckets to the larger array; with the last it takes the smaller one's place. */
static __attribute__((noinline)) void move_some(struct table *t)
{
    for (unsigned i = 0; i < MOVE_STEP && t->moved <= t->mask[0]; i++, t->moved++)
        for (struct entry *e = t->buckets[0][t->moved], *next; e; e = next) {
            struct entry **to = &t->buckets[1][e->hash & t->mask[1]];
            next = e->next;
            e->next = *to;
            *to = e;
        }
    if (t->moved <= t->mask[0])
        return;
    buckets_drop(t, 0);
    t->buckets[0] = t->buckets[1];
    t->mask[0] = t->mask[1];
    t->buckets[1] = NULL;
}

/* Without memory it stays as it is, and slower. */
static void grow(struct table *t)
{
    size_t n = (t->mask[0] + 1) * 2;

    if (n > UINT32_MAX / 2 || !table_has_room(t, n * sizeof *t->buckets[1]))
        return;
    t->buckets[1] = buckets_make(t, n);
    t->mask[1] = n - 1;
    t->moved = 0;
}

static inline struct entry **bucket_of(const struct table *t, uint32_t hash)
{
    size_t at = hash & t->mask[0];

    return t->buckets[1] && at < t->moved ? &t->buckets[1][hash & t->mask[1]] : &t->buckets[0][at];
}

static bool entry_has_key(const struct entry *e, uint32_t hash, struct text key)
{
    return e->hash == hash && e->key_length == key.length && memcmp(e->key, key.at, key.length) == 0;
}

static struct entry *entry_find(struct table *t, uint32_t hash, struct text key)
{
    struct entry *e;

    if (t->buckets[1])
        move_some(t);
    e = *bucket_of(t, hash);
    while (e && !entry_has_key(e, hash, key))
        e = e->next;
    return e;
}

static void entry_unlink(struct table *t, struct entry *e)
{
    struct entry **at = bucket_of(t, e->hash);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    t->count--;
}

static bool is_over(const struct table *t, const struct entry *e)
{
    return e->expires_ms && e->expires_ms <= t->now_ms;
}

void table_remove(struct table *t, struct entry *e)
{
    heap_remove(t, e);
    entry_unlink(t, e);
    entry_free(t, e);
}

/* The live entry; one that has outlived its time goes. */
static struct entry *entry_live(struct table *t, struct entry *e)
{
    if (!e || !is_over(t, e))
        return e;
    t->expired++;
    table_remove(t, e);
    return NULL;
}

struct entry *table_find(struct table *t, struct text key)
{
    return entry_live(t, entry_find(t, (uint32_t)sip_hash(t->key, key.at, key.length), key));
}

static struct entry *entry_make(struct table *t, uint32_t hash, struct text key, struct value *value)
{
    struct entry *e = malloc(sizeof *e + key.length), **bucket;

    if (!e)
        return NULL;
    *e = (struct entry){.value = value, .hash = hash, .key_length = (uint32_t)key.length};
    memcpy(e->key, key.at, key.length);
    if (!t->buckets[1] && t->count > t->mask[0])
        grow(t);
    bucket = bucket_of(t, hash);
    e->next = *bucket;
    *bucket = e;
    t->count++;
    t->bytes += entry_bytes(e);
    return e;
}

/* A value of about the same size is written over, others are replaced. */
static bool value_replace(struct table *t, struct entry *e, struct text text)
{
    struct value *v = e->value;

    if (text.length > v->room || text.length < v->room / 2) {
        v = value_make(text, text.length);
        if (!v)
            return false;
        t->bytes += v->room - e->value->room;
        free(e->value);
        e->value = v;
        return true;
    }
    memmove(v->data, text.at, text.length); /* it may be this very value */
    v->length = text.length;
    return true;
}

struct entry *table_set(struct table *t, struct text key, struct text text)
{
    uint32_t hash = (uint32_t)sip_hash(t->key, key.at, key.length);
    struct entry *e = entry_find(t, hash, key);
    struct value *v;

    if (e) {
        if (!value_replace(t, e, text))
            return NULL;
        heap_remove(t, e);
        e->expires_ms = 0;
        return e;
    }
    v = value_make(text, text.length);
    e = v ? entry_make(t, hash, key, v) : NULL;
    if (!e)
        free(v);
    return e;
}

bool table_append(struct table *t, struct entry *e, struct text more)
{
    struct value *v = e->value;
    size_t length = v->length + more.length;

    if (length > v->room) {
        size_t room = length + length / 2;
        v = realloc(v, sizeof *v + room);
        if (!v)
            return false;
        t->bytes += room - v->room;
        v->room = room;
        e->value = v;
    }
    memcpy(v->data + v->length, more.at, more.length);
    v->length = length;
    return true;
}

struct entry *table_next(const struct table *t, const struct entry *e)
{
    size_t which = 0, at = 0;

    if (e && e->next && !is_over(t, e->next))
        return e->next;
    if (e) {
        which = t->buckets[1] && (e->hash & t->mask[0]) < t->moved;
        at = e->hash & t->mask[which];
        for (e = e->next; e; e = e->next)
            if (!is_over(t, e))
                return (struct entry *)e;
        at++;
    }
    for (; which < 2 && t->buckets[which]; which++, at = 0)
        for (; at <= t->mask[which]; at++)
            for (struct entry *found = t->buckets[which][at]; found; found = found->next)
                if (!is_over(t, found))
                    return found;
    return NULL;
}

void table_clear(struct table *t)
{
    for (unsigned which = 0; which < 2; which++)
        for (size_t at = 0; t->buckets[which] && at <= t->mask[which]; at++) {
            for (struct entry *e = t->buckets[which][at], *next; e; e = next) {
                next = e->next;
                entry_free(t, e);
            }
            t->buckets[which][at] = NULL;
        }
    if (t->buckets[1]) {
        buckets_drop(t, 0);
        t->buckets[0] = t->buckets[1];
        t->mask[0] = t->mask[1];
        t->buckets[1] = NULL;
    }
    t->count = t->heap_count = 0;
}

uint64_t table_digest(const struct table *t)
{
    uint64_t sum = 0;

    for (struct entry *e = table_next(t, NULL); e; e = table_next(t, e)) {
        uint64_t hash = toll_hash(TOLL_HASH_START, &e->key_length, sizeof e->key_length);
        hash = toll_hash(hash, e->key, e->key_length);
        sum += toll_hash(hash, e->value->data, e->value->length);
    }
    return sum;
}

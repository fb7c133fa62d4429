/* SPDX-License-Identifier: MIT */
/*
 * table.h: the keys and their values.  A hash table of chains that grows a few buckets at a time, so that no request
 * waits for all of it; hashes are keyed (SipHash, Aumasson and Bernstein 2012), so that nobody can choose keys that
 * meet. Keys with a time to live are in a heap too, ordered by that time.
 *
 * What has outlived its time is found by no function here; table_expire removes it.
 */
#ifndef KV_TABLE_H
#define KV_TABLE_H

#include "kv/resp.h"

#define KEY_MAX 65536u

struct value {
    size_t length, room;
    char data[];
};

struct entry {
    struct entry *next;
    struct value *value;
    int64_t expires_ms; /* since 1970; 0: never */
    size_t heap;        /* its place in the heap, from 1; 0: none */
    uint32_t hash;
    uint32_t key_length;
    char key[];
};

struct table {
    struct entry **buckets[2]; /* while it grows entries move from the first to the second */
    size_t mask[2], moved;     /* of the first, buckets before moved are empty */
    size_t count;
    size_t bytes, limit; /* of memory in use; 0: no limit */
    struct entry **heap;
    size_t heap_count, heap_room;
    uint64_t key[2];
    int64_t now_ms; /* for expiry; whoever calls sets it */
    uint64_t hits, misses, expired;
};

/* key: for the hash.  False without memory. */
bool table_init(struct table *t, const uint64_t key[2], size_t limit);
void table_free(struct table *t);

struct entry *table_find(struct table *t, struct text key);

/* Whether n more bytes of keys and values may be taken. */
bool table_has_room(const struct table *t, size_t n);

/* The entry of key, new if there was none, with that value; its time to live is gone.  NULL without memory: then
   nothing has changed. */
struct entry *table_set(struct table *t, struct text key, struct text value);

/* Appends to e's value.  False without memory. */
bool table_append(struct table *t, struct entry *e, struct text more);

void table_remove(struct table *t, struct entry *e);
void table_clear(struct table *t);

/* expires_ms 0: never.  False without memory. */
bool table_expire_at(struct table *t, struct entry *e, int64_t expires_ms);

/* Removes up to n keys whose time is over.  When the next one's is: 0 if none has one. */
int64_t table_expire(struct table *t, size_t n);

/* All live entries, in no order: the one after e, the first after NULL.  The table must not change meanwhile. */
struct entry *table_next(const struct table *t, const struct entry *e);

/* A number that two tables with the same live keys and values have alike. */
uint64_t table_digest(const struct table *t);

#endif

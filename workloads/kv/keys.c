/* SPDX-License-Identifier: MIT */
/* keys.c: commands on keys and their times to live. */
#include "kv/kv.h"
#include <string.h>

static void run_del(struct call *c)
{
    int64_t gone = 0;

    for (size_t i = 1; i < c->count; i++) {
        struct entry *e = table_find(&c->kv->table, c->words[i]);
        if (!e)
            continue;
        table_remove(&c->kv->table, e);
        gone++;
    }
    if (gone)
        kv_changed_call(c);
    resp_number(c->out, gone);
}

static void run_exists(struct call *c)
{
    int64_t there = 0;

    for (size_t i = 1; i < c->count; i++)
        there += table_find(&c->kv->table, c->words[i]) != NULL;
    resp_number(c->out, there);
}

static void run_type(struct call *c)
{
    resp_status(c->out, table_find(&c->kv->table, c->words[1]) ? "string" : "none");
}

/* ---- times to live ---- */

/* When EXPIRE and its kind change anything. */
enum condition { IF_NEVER = 1, IF_SET = 2, IF_LATER = 4, IF_EARLIER = 8 };

static bool conditions_read(struct call *c, unsigned *out)
{
    static const char names[][3] = {"nx", "xx", "gt", "lt"};

    *out = 0;
    for (size_t i = 3; i < c->count; i++) {
        unsigned which = 0;
        while (which < 4 && !text_is(c->words[i], names[which]))
            which++;
        if (which == 4) {
            resp_error(c->out, "ERR Unsupported option %.*s", (int)(c->words[i].length < 64 ? c->words[i].length : 64),
                       c->words[i].at);
            return false;
        }
        *out |= 1u << which;
    }
    if (*out & IF_NEVER && *out != IF_NEVER)
        resp_error(c->out, "ERR NX and XX, GT or LT options at the same time are not compatible");
    else if (!(~*out & (IF_LATER | IF_EARLIER)))
        resp_error(c->out, "ERR GT and LT options at the same time are not compatible");
    else
        return true;
    return false;
}

/* What lives for ever ends later than anything. */
static bool conditions_hold(unsigned conditions, int64_t now_ms, int64_t expires_ms)
{
    return !(conditions & IF_NEVER && now_ms) && !(conditions & IF_SET && !now_ms) &&
           !(conditions & IF_LATER && (!now_ms || expires_ms <= now_ms)) &&
           !(conditions & IF_EARLIER && now_ms && expires_ms >= now_ms);
}

static void expire_at(struct call *c, unsigned conditions, int64_t expires_ms)
{
    struct entry *e = table_find(&c->kv->table, c->words[1]);
    struct text del[] = {TEXT("DEL"), c->words[1]};

    if (!e || !conditions_hold(conditions, e->expires_ms, expires_ms)) {
        resp_number(c->out, 0);
        return;
    }
    if (expires_ms <= c->kv->table.now_ms && !c->kv->replaying) {
        table_remove(&c->kv->table, e);
        kv_changed(c->kv, del, 2);
    } else if (table_expire_at(&c->kv->table, e, expires_ms)) {
        kv_changed_expiry(c->kv, c->words[1], expires_ms);
    } else {
        resp_error(c->out, ERROR_MEMORY);
        return;
    }
    resp_number(c->out, 1);
}

/* words[2] is an amount of time: in units of so many milliseconds, from base on. */
static void expire(struct call *c, int64_t unit, int64_t base)
{
    int64_t n, ms, at;
    unsigned conditions;

    if (!conditions_read(c, &conditions))
        return;
    if (!text_number(c->words[2], &n))
        resp_error(c->out, ERROR_NUMBER);
    else if (__builtin_mul_overflow(n, unit, &ms) || __builtin_add_overflow(ms, base, &at))
        resp_error(c->out, "ERR invalid expire time in '%s' command",
                   unit == 1 ? (base ? "pexpire" : "pexpireat") : (base ? "expire" : "expireat"));
    else
        expire_at(c, conditions, at ? at : -1); /* 0 would be never */
}

static void run_expire(struct call *c)
{
    expire(c, 1000, c->kv->table.now_ms);
}

static void run_pexpire(struct call *c)
{
    expire(c, 1, c->kv->table.now_ms);
}

static void run_expireat(struct call *c)
{
    expire(c, 1000, 0);
}

static void run_pexpireat(struct call *c)
{
    expire(c, 1, 0);
}

/* -2: no such key; -1: it lives for ever. */
static int64_t time_left(struct call *c)
{
    struct entry *e = table_find(&c->kv->table, c->words[1]);

    return !e ? -2 : !e->expires_ms ? -1 : e->expires_ms - c->kv->table.now_ms;
}

static void run_ttl(struct call *c)
{
    int64_t left = time_left(c);

    resp_number(c->out, left < 0 ? left : (left + 500) / 1000);
}

static void run_pttl(struct call *c)
{
    resp_number(c->out, time_left(c));
}

static void run_persist(struct call *c)
{
    struct entry *e = table_find(&c->kv->table, c->words[1]);

    if (!e || !e->expires_ms) {
        resp_number(c->out, 0);
        return;
    }
    table_expire_at(&c->kv->table, e, 0);
    kv_changed_call(c);
    resp_number(c->out, 1);
}

/* ---- all keys ---- */

static void run_dbsize(struct call *c)
{
    resp_number(c->out, (int64_t)c->kv->table.count);
}

static void run_keys(struct call *c)
{
    const struct table *t = &c->kv->table;
    size_t count = 0;

    for (struct entry *e = table_next(t, NULL); e; e = table_next(t, e))
        count += glob_match(c->words[1], (struct text){e->key, e->key_length});
    resp_array(c->out, count);
    for (struct entry *e = table_next(t, NULL); e; e = table_next(t, e))
        if (glob_match(c->words[1], (struct text){e->key, e->key_length}))
            resp_bulk(c->out, e->key, e->key_length);
}

static void run_flush(struct call *c)
{
    struct text words[] = {TEXT("FLUSHALL")};

    if (c->count > 2 || (c->count == 2 && !text_is(c->words[1], "sync") && !text_is(c->words[1], "async"))) {
        resp_error(c->out, ERROR_SYNTAX);
        return;
    }
    table_clear(&c->kv->table);
    kv_changed(c->kv, words, 1);
    resp_status(c->out, "OK");
}

const struct command commands_key[] = {
    {"del", run_del, -2, CHANGES, 1, -1, 1},
    {"unlink", run_del, -2, CHANGES, 1, -1, 1},
    {"exists", run_exists, -2, READS, 1, -1, 1},
    {"type", run_type, 2, READS, 1, 1, 1},
    {"expire", run_expire, -3, CHANGES, 1, 1, 1},
    {"pexpire", run_pexpire, -3, CHANGES, 1, 1, 1},
    {"expireat", run_expireat, -3, CHANGES, 1, 1, 1},
    {"pexpireat", run_pexpireat, -3, CHANGES, 1, 1, 1},
    {"ttl", run_ttl, 2, READS, 1, 1, 1},
    {"pttl", run_pttl, 2, READS, 1, 1, 1},
    {"persist", run_persist, 2, CHANGES, 1, 1, 1},
    {"dbsize", run_dbsize, 1, READS, 0, 0, 0},
    {"keys", run_keys, 2, READS, 0, 0, 0},
    {"flushall", run_flush, -1, CHANGES, 0, 0, 0},
    {"flushdb", run_flush, -1, CHANGES, 0, 0, 0},
    {0},
};

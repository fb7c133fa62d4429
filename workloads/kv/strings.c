/* SPDX-License-Identifier: MIT */
/* strings.c: commands on values. */
#include "kv/kv.h"
#include <string.h>

static struct text entry_text(const struct entry *e)
{
    return (struct text){e->value->data, e->value->length};
}

/* The entry, counted as a hit or a miss. */
static struct entry *read_key(struct call *c, struct text key)
{
    struct entry *e = table_find(&c->kv->table, key);

    if (e)
        c->kv->table.hits++;
    else
        c->kv->table.misses++;
    return e;
}

static void reply_entry(struct buffer *out, const struct entry *e)
{
    if (e)
        resp_bulk(out, e->value->data, e->value->length);
    else
        resp_nil(out);
}

static bool key_is_good(struct call *c, struct text key)
{
    if (key.length <= KEY_MAX)
        return true;
    resp_error(c->out, "ERR a key has at most %u bytes", KEY_MAX);
    return false;
}

/* ---- SET and its family ---- */

struct set_options {
    bool if_new, if_there, keep_ttl, get;
    int64_t expires_ms;
};

/* A time that an option names: amount, of seconds or milliseconds, from now or since 1970. */
static bool time_read(struct call *c, struct text amount, bool seconds, bool absolute, int64_t *expires_ms)
{
    int64_t n, base = absolute ? 0 : c->kv->table.now_ms;

    if (!text_number(amount, &n)) {
        resp_error(c->out, ERROR_NUMBER);
        return false;
    }
    if (n <= 0 || (seconds && n > INT64_MAX / 1000) || (seconds ? n * 1000 : n) > INT64_MAX - base) {
        resp_error(c->out, "ERR invalid expire time in '%s' command",
                   text_is(c->words[0], "set")     ? "set"
                   : text_is(c->words[0], "setex") ? "setex"
                                                   : "psetex");
        return false;
    }
    *expires_ms = (seconds ? n * 1000 : n) + base;
    return true;
}

static bool set_options_read(struct call *c, struct set_options *o)
{
    bool timed = false;

    for (size_t i = 3; i < c->count; i++) {
        struct text w = c->words[i];
        bool ex = text_is(w, "ex"), px = text_is(w, "px"), exat = text_is(w, "exat"), pxat = text_is(w, "pxat");
        if (text_is(w, "nx") && !o->if_there) {
            o->if_new = true;
        } else if (text_is(w, "xx") && !o->if_new) {
            o->if_there = true;
        } else if (text_is(w, "get")) {
            o->get = true;
        } else if (text_is(w, "keepttl") && !timed) {
            o->keep_ttl = true;
        } else if ((ex || px || exat || pxat) && !timed && !o->keep_ttl && i + 1 < c->count) {
            timed = true;
            if (!time_read(c, c->words[++i], ex || exat, exat || pxat, &o->expires_ms))
                return false;
        } else {
            resp_error(c->out, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Stores, with a time to live, and writes it down.  Without memory the call's only reply is that error: what follows
   the first used bytes of out goes. */
static bool store(struct call *c, struct text key, struct text value, int64_t expires_ms, size_t used)
{
    struct entry *e = table_set(&c->kv->table, key, value);
    struct text words[] = {TEXT("SET"), key, value};

    if (!e || !table_expire_at(&c->kv->table, e, expires_ms)) {
        c->out->end = c->out->start + used;
        resp_error(c->out, ERROR_MEMORY);
        return false;
    }
    kv_changed(c->kv, words, 3);
    if (expires_ms)
        kv_changed_expiry(c->kv, key, expires_ms);
    return true;
}

static void run_set(struct call *c)
{
    struct set_options o = {0};
    size_t used = buffer_used(c->out);
    struct entry *e;

    if (!key_is_good(c, c->words[1]) || (c->count > 3 && !set_options_read(c, &o)))
        return;
    if (o.if_new || o.if_there || o.get || o.keep_ttl) {
        e = table_find(&c->kv->table, c->words[1]);
        if (o.keep_ttl && e)
            o.expires_ms = e->expires_ms;
        if (o.get)
            reply_entry(c->out, e);
        if (e ? o.if_new : o.if_there) {
            if (!o.get)
                resp_nil(c->out);
            return;
        }
    }
    if (store(c, c->words[1], c->words[2], o.expires_ms, used) && !o.get)
        resp_status(c->out, "OK");
}

static void run_setnx(struct call *c)
{
    if (!key_is_good(c, c->words[1]))
        return;
    if (table_find(&c->kv->table, c->words[1]))
        resp_number(c->out, 0);
    else if (store(c, c->words[1], c->words[2], 0, buffer_used(c->out)))
        resp_number(c->out, 1);
}

static void set_with_time(struct call *c, bool seconds)
{
    int64_t expires_ms;

    if (key_is_good(c, c->words[1]) && time_read(c, c->words[2], seconds, false, &expires_ms) &&
        store(c, c->words[1], c->words[3], expires_ms, buffer_used(c->out)))
        resp_status(c->out, "OK");
}

static void run_setex(struct call *c)
{
    set_with_time(c, true);
}

static void run_psetex(struct call *c)
{
    set_with_time(c, false);
}

static void run_mset(struct call *c)
{
    if (c->count % 2 == 0) {
        resp_error(c->out, "ERR wrong number of arguments for 'mset' command");
        return;
    }
    for (size_t i = 1; i < c->count; i += 2)
        if (!key_is_good(c, c->words[i]))
            return;
    for (size_t i = 1; i < c->count; i += 2)
        if (!store(c, c->words[i], c->words[i + 1], 0, buffer_used(c->out)))
            return;
    resp_status(c->out, "OK");
}

/* The reply is made before the value goes. */
static void run_getset(struct call *c)
{
    size_t used = buffer_used(c->out);

    if (!key_is_good(c, c->words[1]))
        return;
    reply_entry(c->out, read_key(c, c->words[1]));
    store(c, c->words[1], c->words[2], 0, used);
}

/* ---- reading ---- */

static void run_get(struct call *c)
{
    reply_entry(c->out, read_key(c, c->words[1]));
}

static void run_mget(struct call *c)
{
    resp_array(c->out, c->count - 1);
    for (size_t i = 1; i < c->count; i++)
        reply_entry(c->out, read_key(c, c->words[i]));
}

static void run_strlen(struct call *c)
{
    struct entry *e = read_key(c, c->words[1]);

    resp_number(c->out, e ? (int64_t)e->value->length : 0);
}

/* ---- changing ---- */

static void add(struct call *c, int64_t n)
{
    struct entry *e = table_find(&c->kv->table, c->words[1]);
    char digits[NUMBER_MAX];
    int64_t value = 0;

    if (!key_is_good(c, c->words[1]))
        return;
    if (e && !text_number(entry_text(e), &value)) {
        resp_error(c->out, ERROR_NUMBER);
        return;
    }
    if (__builtin_add_overflow(value, n, &value)) {
        resp_error(c->out, "ERR increment or decrement would overflow");
        return;
    }
    if (store(c, c->words[1], number_text(digits, value), e ? e->expires_ms : 0, buffer_used(c->out)))
        resp_number(c->out, value);
}

static void run_incr(struct call *c)
{
    add(c, 1);
}

static void run_decr(struct call *c)
{
    add(c, -1);
}

static void run_incrby(struct call *c)
{
    int64_t n;

    if (text_number(c->words[2], &n))
        add(c, n);
    else
        resp_error(c->out, ERROR_NUMBER);
}

static void run_decrby(struct call *c)
{
    int64_t n;

    if (!text_number(c->words[2], &n))
        resp_error(c->out, ERROR_NUMBER);
    else if (n == INT64_MIN)
        resp_error(c->out, "ERR decrement would overflow");
    else
        add(c, -n);
}

static void run_append(struct call *c)
{
    struct entry *e = table_find(&c->kv->table, c->words[1]);

    if (!key_is_good(c, c->words[1]))
        return;
    if (e && e->value->length + c->words[2].length > RESP_BULK_MAX) {
        resp_error(c->out, ERROR_TOO_LONG);
        return;
    }
    if (e ? !table_append(&c->kv->table, e, c->words[2]) : !(e = table_set(&c->kv->table, c->words[1], c->words[2]))) {
        resp_error(c->out, ERROR_MEMORY);
        return;
    }
    kv_changed_call(c);
    resp_number(c->out, (int64_t)e->value->length);
}

const struct command commands_string[] = {
    {"get", run_get, 2, READS, 1, 1, 1},
    {"set", run_set, -3, GROWS, 1, 1, 1},
    {"setnx", run_setnx, 3, GROWS, 1, 1, 1},
    {"setex", run_setex, 4, GROWS, 1, 1, 1},
    {"psetex", run_psetex, 4, GROWS, 1, 1, 1},
    {"getset", run_getset, 3, GROWS, 1, 1, 1},
    {"mget", run_mget, -2, READS, 1, -1, 1},
    {"mset", run_mset, -3, GROWS, 1, -1, 2},
    {"strlen", run_strlen, 2, READS, 1, 1, 1},
    {"incr", run_incr, 2, GROWS, 1, 1, 1},
    {"decr", run_decr, 2, GROWS, 1, 1, 1},
    {"incrby", run_incrby, 3, GROWS, 1, 1, 1},
    {"decrby", run_decrby, 3, GROWS, 1, 1, 1},
    {"append", run_append, 3, GROWS, 1, 1, 1},
    {0},
};

/* SPDX-License-Identifier: MIT */
/*
 * fuzz_kv.c: a target for libFuzzer: bytes as a client sends them, in pieces, against the key-value store.  The first
 * byte chooses the size of the pieces.  Beside what the sanitizers see, each request must have exactly one well-formed
 * reply, memory must stay within its limit, and what was counted as memory must be free again at the end.
 */
#include "kv/kv.h"
#include "kv/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_LIMIT (256u << 10)
#define DEPTH_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_kv: %s\n", what);
    abort();
}

/* The end of the line at *at, which moves behind it; the number after its first byte. */
static long long line_read(const struct buffer *b, size_t *at)
{
    const char *start = b->data + *at, *end = memchr(start, '\r', b->end - *at);

    must(end && end + 1 < b->data + b->end && end[1] == '\n', "a reply's line has no end");
    *at += (size_t)(end - start) + 2;
    return strtoll(start + 1, NULL, 10);
}

static void reply_check(const struct buffer *b, size_t *at, int depth)
{
    char kind;
    long long n;

    must(*at < b->end && depth < DEPTH_MAX, "a reply is missing");
    kind = b->data[*at];
    n = line_read(b, at);
    if (kind == '$' && n >= 0) {
        must((size_t)n + 2 <= b->end - *at && !memcmp(b->data + *at + n, "\r\n", 2), "a bulk reply is cut off");
        *at += (size_t)n + 2;
    } else if (kind == '*') {
        for (long long i = 0; i < n; i++)
            reply_check(b, at, depth + 1);
    } else {
        must(kind == '+' || kind == '-' || kind == ':' || (kind == '$' && n == -1), "a reply of no kind");
    }
}

static void replies_check(struct buffer *out, unsigned requests)
{
    size_t at = out->start;

    if (out->broken)
        return;
    while (requests--)
        reply_check(out, &at, 0);
    must(at == out->end, "more replies than requests");
}

/* Takes what is complete in `in`; false after a protocol error. */
static bool run(struct kv *kv, struct client *client, struct request *r, struct buffer *in)
{
    struct buffer out = {.limit = 4u << 20};
    unsigned requests = 0;
    enum resp got;

    while ((got = resp_read(r, in->data + in->start, buffer_used(in))) == RESP_REQUEST) {
        must(r->bytes > 0 && r->bytes <= buffer_used(in), "a request takes bytes that are not there");
        if (r->count) {
            size_t before = buffer_used(&out);
            kv_execute(kv, client, r, &out);
            requests += !client->quits || buffer_used(&out) != before; /* none to a browser */
        }
        buffer_take(in, r->bytes);
        kv->table.now_ms += 7;
        table_expire(&kv->table, 4);
    }
    must(got != RESP_MORE || r->need > buffer_used(in), "it waits for what is there");
    replies_check(&out, requests);
    buffer_free(&out);
    return got == RESP_MORE && !client->quits;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint64_t key[2] = {1, 2};
    struct kv kv = {.version = "7.0.0"};
    struct client client = {.id = 1};
    struct request r = {0};
    struct buffer in = {.limit = RESP_REQUEST_MAX};
    size_t piece = n ? 1 + bytes[0] * 16u : 1, empty;
    bool open = true;

    must(table_init(&kv.table, key, MEMORY_LIMIT), "no memory");
    empty = kv.table.bytes;
    kv.table.now_ms = 1;
    for (size_t at = 1; at < n && open; at += piece) {
        buffer_add(&in, bytes + at, n - at < piece ? n - at : piece);
        open = run(&kv, &client, &r, &in);
        must(kv.table.bytes <= 2 * MEMORY_LIMIT, "far more memory than the limit");
    }
    table_clear(&kv.table);
    must(kv.table.bytes >= empty && kv.table.count == 0, "what was counted as memory is not free again");
    buffer_free(&in);
    request_free(&r);
    table_free(&kv.table);
    return 0;
}

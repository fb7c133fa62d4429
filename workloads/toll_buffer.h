/* SPDX-License-Identifier: MIT */
/*
 * toll_buffer.h: for workloads: bytes that grow at the end and are taken away at the front.  A buffer never grows over
 * its limit, nor all that share a budget over that: what does not fit sets `broken`, and so does a lack of memory;
 * nothing more is added then.
 *
 * A budget is what keeps a server from being ended by clients: memory that is given out may turn out not to be there
 * when it is first touched.
 */
#ifndef TOLL_BUFFER_H
#define TOLL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 1024u
#define BUFFER_KEPT 16384u /* an empty buffer keeps so much */

struct buffer_budget {
    size_t used, limit;
};

struct buffer {
    char *data; /* [start, end) are in use */
    size_t start, end, room, limit;
    struct buffer_budget *budget; /* NULL: none */
    bool broken;
};

static inline size_t buffer_used(const struct buffer *b)
{
    return b->end - b->start;
}

/* Empty afterwards, with the same limits. */
static inline void buffer_free(struct buffer *b)
{
    if (b->budget)
        b->budget->used -= b->room;
    free(b->data);
    b->data = NULL;
    b->start = b->end = b->room = 0;
}

/* Memory for room bytes in place of what b has, both of which are there while one is copied to the other. */
static inline char *buffer_memory(struct buffer *b, size_t room)
{
    struct buffer_budget *budget = b->budget;
    char *data;

    if (budget && (budget->used > budget->limit || room > budget->limit - budget->used))
        return NULL;
    data = malloc(room);
    if (data && budget)
        budget->used += room - b->room;
    return data;
}

static __attribute__((noinline, unused)) bool buffer_grow(struct buffer *b, size_t n)
{
    size_t used = buffer_used(b), room = b->room ? b->room : BUFFER_FIRST;
    char *data;

    if (n > b->limit || used > b->limit - n)
        return false;
    while (room < used + n)
        room *= 2;
    if (room == b->room) { /* it fits once the front is reused */
        memmove(b->data, b->data + b->start, used);
    } else {
        data = buffer_memory(b, room);
        if (!data)
            return false;
        if (used)
            memcpy(data, b->data + b->start, used);
        free(b->data);
        b->data = data;
        b->room = room;
    }
    b->start = 0;
    b->end = used;
    return true;
}

/* Makes room for n more bytes at data + end; NULL if that cannot be. */
static inline char *buffer_reserve(struct buffer *b, size_t n)
{
    if (b->broken)
        return NULL;
    if (n > b->room - b->end && !buffer_grow(b, n)) {
        b->broken = true;
        return NULL;
    }
    return b->data + b->end;
}

static inline void buffer_add(struct buffer *b, const void *bytes, size_t n)
{
    char *to = buffer_reserve(b, n);

    if (!to)
        return;
    memcpy(to, bytes, n);
    b->end += n;
}

/* The first n bytes go. */
static inline void buffer_take(struct buffer *b, size_t n)
{
    b->start += n;
    if (b->start < b->end)
        return;
    b->start = b->end = 0;
    if (b->room > BUFFER_KEPT)
        buffer_free(b);
}

#endif

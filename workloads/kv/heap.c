/* SPDX-License-Identifier: MIT */
/* heap.c: times to live: a binary heap in an array, from 1, whose entries know their places (heap.h). */
#include "kv/heap.h"
#include <stdlib.h>

static void put(struct table *t, size_t at, struct entry *e)
{
    t->heap[at] = e;
    e->heap = at;
}

static void sift(struct table *t, size_t at, struct entry *e)
{
    for (; at > 1 && t->heap[at / 2]->expires_ms > e->expires_ms; at /= 2)
        put(t, at, t->heap[at / 2]);
    for (size_t child; (child = 2 * at) <= t->heap_count; at = child) {
        if (child < t->heap_count && t->heap[child + 1]->expires_ms < t->heap[child]->expires_ms)
            child++;
        if (t->heap[child]->expires_ms >= e->expires_ms)
            break;
        put(t, at, t->heap[child]);
    }
    put(t, at, e);
}

void heap_remove(struct table *t, struct entry *e)
{
    size_t at = e->heap;
    struct entry *last;

    if (!at)
        return;
    e->heap = 0;
    last = t->heap[t->heap_count--];
    if (last != e)
        sift(t, at, last);
}

static bool heap_grow(struct table *t)
{
    size_t room = t->heap_room ? t->heap_room * 2 : 64;
    struct entry **heap = realloc(t->heap, (room + 1) * sizeof *heap);

    if (!heap)
        return false;
    t->bytes += (room - t->heap_room) * sizeof *heap;
    t->heap = heap;
    t->heap_room = room;
    return true;
}

bool table_expire_at(struct table *t, struct entry *e, int64_t expires_ms)
{
    if (expires_ms && !e->heap && t->heap_count == t->heap_room && !heap_grow(t))
        return false;
    if (!expires_ms)
        heap_remove(t, e);
    e->expires_ms = expires_ms;
    if (expires_ms)
        sift(t, e->heap ? e->heap : ++t->heap_count, e);
    return true;
}

int64_t table_expire(struct table *t, size_t n)
{
    for (; n > 0 && t->heap_count && t->heap[1]->expires_ms <= t->now_ms; n--) {
        t->expired++;
        table_remove(t, t->heap[1]);
    }
    return t->heap_count ? t->heap[1]->expires_ms : 0;
}

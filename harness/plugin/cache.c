/* SPDX-License-Identifier: MIT */
/*
 * cache.c: lines move within their set's array as they are used, so LRU needs no clock (see cache.h).
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

struct cache caches[CACHES];

int cache_init(const struct cache_size sizes[CACHES])
{
    for (unsigned i = 0; i < CACHES; i++) {
        struct cache *cache = &caches[i];
        size_t bytes = ((size_t)sizes[i].bytes >> CACHE_LINE_SHIFT) * sizeof(*cache->lines);

        cache->ways = sizes[i].ways;
        cache->sets = (sizes[i].bytes >> CACHE_LINE_SHIFT) / cache->ways;
        cache->lines = malloc(bytes);
        if (!cache->lines)
            return -1;
        memset(cache->lines, 0xff, bytes); /* no line has this number */
    }
    return 0;
}

/* Makes line the one that its set used last; true if it was there.  Those before it, or all, move one way up. */
static inline bool touch(enum cache_name name, uint32_t line)
{
    uint32_t *set = cache_set(name, line), before = line;

    for (uint32_t way = 0; way < caches[name].ways; way++) {
        uint32_t here = set[way];

        set[way] = before;
        if (here == line)
            return true;
        before = here;
    }
    return false;
}

struct cache_hits cache_access(enum cache_name l1, uint32_t line)
{
    if (touch(l1, line))
        return (struct cache_hits){true, true};
    return (struct cache_hits){false, touch(CACHE_L2, line)};
}

/* SPDX-License-Identifier: MIT */
/*
 * hierarchy_size.c: reads and checks the sizes of caches and TLBs (see hierarchy.h).
 */
#include "hierarchy.h"

#include <stdio.h>
#include <string.h>

#define PAGE_BYTES 4096
#define WAYS_MAX 4096

const char *const hierarchy_miss_names[MISSES] = {"l1i", "l1d", "l2", "itlb", "dtlb", "stlb"};

static bool is_power(unsigned n)
{
    return n && !(n & (n - 1));
}

unsigned hierarchy_cache_sets(const struct cache_size *size)
{
    return (size->bytes >> CACHE_LINE_SHIFT) / size->ways;
}

static const char *read_cache(struct cache_size *size, const char *value)
{
    int end = 0;

    if (sscanf(value, "%u/%u%n", &size->bytes, &size->ways, &end) != 2 || value[end])
        return "expected BYTES/WAYS";
    if (!size->ways || size->ways > WAYS_MAX || size->bytes % (size->ways << CACHE_LINE_SHIFT) ||
        !is_power(hierarchy_cache_sets(size)))
        return "bytes / 64 / ways, the number of sets, must be a power of 2";
    return NULL;
}

static const char *read_tlb(struct tlb_size *size, const char *value)
{
    int end = 0;

    if (sscanf(value, "%u/%u%n", &size->entries, &size->ways, &end) != 2 || value[end])
        return "expected ENTRIES/WAYS";
    if (!size->ways || size->ways > WAYS_MAX || size->entries % size->ways || !is_power(size->entries / size->ways))
        return "entries / ways, the number of sets, must be a power of 2";
    return NULL;
}

bool hierarchy_read_size(struct hierarchy_sizes *sizes, const char *name, const char *value, const char **wrong)
{
    for (unsigned i = 0; i < MISSES; i++) {
        if (strcmp(name, hierarchy_miss_names[i]))
            continue;
        *wrong = i < CACHES ? read_cache(&sizes->caches[i], value) : read_tlb(&sizes->tlbs[i - CACHES], value);
        return true;
    }
    return false;
}

const char *hierarchy_check_sizes(const struct hierarchy_sizes *sizes)
{
    for (unsigned i = 0; i < CACHES; i++) {
        if (!sizes->caches[i].bytes)
            return "all of l1i, l1d, l2, itlb, dtlb and stlb are needed";
        if (i != CACHE_L2 && sizes->caches[i].bytes / sizes->caches[i].ways > PAGE_BYTES)
            return "a way of l1i and l1d must not be larger than a page of 4096 bytes";
    }
    for (unsigned i = 0; i < TLBS; i++)
        if (!sizes->tlbs[i].entries)
            return "all of l1i, l1d, l2, itlb, dtlb and stlb are needed";
    return NULL;
}

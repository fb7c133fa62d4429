/* SPDX-License-Identifier: MIT */
/*
 * cache.h: the model's caches: L1I and L1D over a common L2, set-associative with true LRU, indexed and tagged by
 * physical lines.
 *
 * A line that misses is filled into its L1 and the L2; the L2 does not hold what the L1s hold as long as they do (it is
 * not inclusive).  Reads and writes are alike: a write allocates, and what a write-back costs is not modelled.  There
 * are no prefetchers, and nothing but the processor touches the caches: a device's transfers leave them as they are.
 */
#ifndef TOLL_CACHE_H
#define TOLL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cache_name { CACHE_L1I, CACHE_L1D, CACHE_L2, CACHES };

#define CACHE_LINE_SHIFT 6 /* lines of 64 bytes, as all x86-64 processors have */

/* bytes = sets x ways x 64; sets is a power of 2. */
struct cache_size {
    uint32_t bytes, ways;
};

/* Each set is an array of lines, numbers of 32 bits (256 GiB), in the order of their last use. */
struct cache {
    uint32_t *lines;
    uint32_t sets, ways;
};
extern struct cache caches[CACHES];

/* Empty caches.  0, or -1 without memory. */
int cache_init(const struct cache_size sizes[CACHES]);

/* The set that a physical line (address / 64) belongs to. */
static inline uint32_t *cache_set(enum cache_name name, uint32_t line)
{
    return caches[name].lines + (size_t)(line & (caches[name].sets - 1)) * caches[name].ways;
}

/* Whether its set used the line last: then an access to it hits and changes nothing. */
static inline bool cache_is_first(const uint32_t *set, uint32_t line)
{
    return *set == line;
}

/* An access to a physical line, by way of l1; true where it was found. */
struct cache_hits {
    bool l1, l2; /* l2 is true if l1 is */
};
struct cache_hits cache_access(enum cache_name l1, uint32_t line);

#endif

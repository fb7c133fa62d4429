/* SPDX-License-Identifier: MIT */
/*
 * cache.h: the model's caches: L1I, L1D and an L2 for both, set-associative with true LRU, of physical lines.
 *
 * A line that misses is filled into its L1 and the L2; the L2 does not hold what the L1s hold as long as they do (it is
 * not inclusive).  Reads and writes are alike: a write allocates, and what a write-back costs is not modelled.  There
 * are no prefetchers, and nothing but the processor touches the caches: a device's transfers leave them as they are.
 */
#ifndef TOLL_CACHE_H
#define TOLL_CACHE_H

#include <stdbool.h>
#include <stdint.h>

enum cache_name { CACHE_L1I, CACHE_L1D, CACHE_L2, CACHES };

#define CACHE_LINE_SHIFT 6 /* lines of 64 bytes, as all x86-64 processors have */

/* bytes = sets x ways x 64; sets is a power of 2. */
struct cache_size {
    uint32_t bytes, ways;
};

/* Empty caches.  0, or -1 without memory. */
int cache_init(const struct cache_size sizes[CACHES]);

/* An access to a physical line (address / 64), by way of l1; true where it was found. */
struct cache_hits {
    bool l1, l2; /* l2 is true if l1 is */
};
struct cache_hits cache_access(enum cache_name l1, uint64_t line);

#endif

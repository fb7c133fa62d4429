/* SPDX-License-Identifier: MIT */
/*
 * histogram.h: counts of durations in buckets whose width grows with the value, as HdrHistogram's (Tene): each value is
 * known to within 1/128 of itself, in a fixed amount of memory.  All zeros: empty.
 */
#ifndef TOLL_HISTOGRAM_H
#define TOLL_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7u
#define HISTOGRAM_BUCKETS ((64u - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count, max;
};

void histogram_add(struct histogram *h, uint64_t ns);

/* The smallest value (its bucket's upper end, at most the maximum) that a share of all, 0 to 1, does not exceed; 0 of
 * none. */
uint64_t histogram_quantile(const struct histogram *h, double share);

#endif

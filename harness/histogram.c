/* SPDX-License-Identifier: MIT */
/*
 * histogram.c: buckets of durations (histogram.h).  Values below 2^7 have one bucket each; from there on each doubling
 * is divided into 2^7 equal ones.
 */
#include "histogram.h"

#define SUBS (1u << HISTOGRAM_SUB_BITS)

static unsigned bucket_of(uint64_t value)
{
    unsigned high;

    if (value < SUBS)
        return (unsigned)value;
    high = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS; /* bits that are left out */
    return ((high + 1) << HISTOGRAM_SUB_BITS) + (unsigned)(value >> high) - SUBS;
}

static uint64_t bucket_end(unsigned bucket)
{
    unsigned high = bucket >> HISTOGRAM_SUB_BITS;

    if (high == 0)
        return bucket;
    return (((uint64_t)(bucket % SUBS + SUBS) + 1) << (high - 1)) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    h->counts[bucket_of(ns)]++;
    h->count++;
    if (ns > h->max)
        h->max = ns;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
    double wanted = share * (double)h->count;
    uint64_t seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen && (double)seen >= wanted)
            return bucket_end(i) < h->max ? bucket_end(i) : h->max;
    }
    return h->max;
}

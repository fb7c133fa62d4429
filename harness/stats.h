/* SPDX-License-Identifier: MIT */
/*
 * stats.h: the little statistics that a cell shows.
 */
#ifndef TOLL_STATS_H
#define TOLL_STATS_H

#include <stddef.h>

struct stats {
    double median, lo, hi; /* lo and hi: the range that holds 95 % of the values, by nearest rank */
};

/* count > 0; sorts values. */
struct stats stats_of(double *values, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * stats.c: order statistics, which assume nothing about how the values are distributed.
 */
#include "stats.h"
#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(const double *values, size_t count, double q)
{
    double rank = ceil(q * (double)count);
    size_t index = rank < 1 ? 0 : (size_t)rank - 1;

    return values[index < count ? index : count - 1];
}

struct stats stats_of(double *values, size_t count)
{
    struct stats stats;

    qsort(values, count, sizeof(*values), compare);
    stats.median = count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
    stats.lo = quantile(values, count, 0.025);
    stats.hi = quantile(values, count, 0.975);
    return stats;
}

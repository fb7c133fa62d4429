/* SPDX-License-Identifier: MIT */
/*
 * stats.c: order statistics, the bootstrap of the median, outliers.
 */
#include "stats.h"
#include "random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OUTLIER_SCORE 3.5
#define NORMAL_MAD 0.6745  /* the MAD of a normal distribution with deviation 1 */
#define NORMAL_MEAN 0.7979 /* and its mean distance from the middle, the square root of 2 / pi */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void stats_sort(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
}

static double nearest_rank(const double *sorted, size_t count, double q)
{
    double rank = ceil(q * (double)count);
    size_t index = rank < 1 ? 0 : (size_t)rank - 1;

    return sorted[index < count ? index : count - 1];
}

double stats_quantile(const double *sorted, size_t count, double p)
{
    double place = p * (double)(count - 1);
    size_t below = (size_t)place;

    if (below + 1 >= count)
        return sorted[count - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

double stats_median(const double *sorted, size_t count)
{
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* The value of 0-based rank in a resample that took sorted[i] times[i] times. */
static double resample_rank(const double *sorted, const unsigned *times, size_t rank)
{
    size_t i = 0;

    for (size_t before = times[0]; before <= rank; before += times[++i])
        ;
    return sorted[i];
}

/* Counting how often each value was drawn sorts the resample for free. */
static double resample_median(const double *sorted, size_t count, unsigned *times, struct random *random)
{
    double high;

    memset(times, 0, count * sizeof(*times));
    for (size_t i = 0; i < count; i++)
        times[random_below(random, count)]++;
    high = resample_rank(sorted, times, count / 2);
    return count % 2 ? high : (resample_rank(sorted, times, count / 2 - 1) + high) / 2;
}

struct stats_interval stats_bootstrap_median(const double *sorted, size_t count, double confidence, uint64_t seed)
{
    struct random random = random_of(seed);
    double medians[STATS_BOOTSTRAPS], tail = (1 - confidence) / 2;
    unsigned *times;

    if (sorted[0] == sorted[count - 1])
        return (struct stats_interval){sorted[0], sorted[0]};
    times = malloc(count * sizeof(*times));
    if (!times)
        abort();
    for (size_t i = 0; i < STATS_BOOTSTRAPS; i++)
        medians[i] = resample_median(sorted, count, times, &random);
    free(times);
    stats_sort(medians, STATS_BOOTSTRAPS);
    return (struct stats_interval){stats_quantile(medians, STATS_BOOTSTRAPS, tail),
                                   stats_quantile(medians, STATS_BOOTSTRAPS, 1 - tail)};
}

struct stats stats_of(double *values, size_t count)
{
    struct stats stats;

    stats_sort(values, count);
    stats.median = stats_median(values, count);
    stats.lo = nearest_rank(values, count, 0.025);
    stats.hi = nearest_rank(values, count, 0.975);
    stats.middle = stats_bootstrap_median(values, count, STATS_CONFIDENCE, STATS_SEED);
    return stats;
}

/* The median and the mean of the distances from the median. */
static void distances(const double *sorted, size_t count, double *median, double *mean)
{
    double *distance = malloc(count * sizeof(*distance)), middle = stats_median(sorted, count), sum = 0;

    if (!distance)
        abort();
    for (size_t i = 0; i < count; i++)
        sum += distance[i] = fabs(sorted[i] - middle);
    stats_sort(distance, count);
    *median = stats_median(distance, count);
    *mean = sum / (double)count;
    free(distance);
}

double stats_mad(const double *sorted, size_t count)
{
    double median, mean;

    distances(sorted, count, &median, &mean);
    return median / NORMAL_MAD;
}

size_t stats_outliers(const double *sorted, size_t count)
{
    double middle = stats_median(sorted, count), median, mean, deviation;
    size_t outliers = 0;

    distances(sorted, count, &median, &mean);
    deviation = median > 0 ? median / NORMAL_MAD : mean / NORMAL_MEAN;
    for (size_t i = 0; i < count; i++)
        outliers += fabs(sorted[i] - middle) > OUTLIER_SCORE * deviation;
    return outliers;
}

/* SPDX-License-Identifier: MIT */
/*
 * stats.h: order statistics and intervals of one sample of measured values.  Nothing is assumed of how the values are
 * distributed.  "Sorted" means ascending; counts are above 0 unless said otherwise; nothing fails.
 */
#ifndef TOLL_STATS_H
#define TOLL_STATS_H

#include <stddef.h>
#include <stdint.h>

#define STATS_CONFIDENCE 0.95
#define STATS_ALPHA 0.05 /* the share of false alarms that a test may give */
#define STATS_SEED 1     /* of every resampling: the same samples give the same numbers */
#define STATS_BOOTSTRAPS 2000

struct stats_interval {
    double lo, hi;
};

struct stats {
    double median;
    double lo, hi;                /* the range that holds 95 % of the values, by nearest rank */
    struct stats_interval middle; /* the 95 % interval of the median; of one value: that value */
};

/* Sorts values and tells all of the above. */
struct stats stats_of(double *values, size_t count);

void stats_sort(double *values, size_t count);

/* The quantile p, from 0 to 1, of sorted values, linear between neighbours: type 7 of R. Hyndman, Y. Fan, "Sample
   Quantiles in Statistical Packages", The American Statistician 50(4), 1996. */
double stats_quantile(const double *sorted, size_t count, double p);
double stats_median(const double *sorted, size_t count);

/* The percentile bootstrap's interval of the median: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993,
   section 13.3.  Not BCa, whose acceleration the median, which is not smooth, does not have.  At confidence 0.95 it
   holds the true median in 92 to 95 % of samples of 5 or more values (normal, exponential, log-normal and two-humped
   ones, 4,000 simulations each), in 87 % of samples of 4, 75 % of 3, 50 % of 2; warnings.h warns below 8. */
struct stats_interval stats_bootstrap_median(const double *sorted, size_t count, double confidence, uint64_t seed);

/* The median distance from the median, times 1.4826: equals the standard deviation where values are normal. */
double stats_mad(const double *sorted, size_t count);

/* How many values are outliers: their modified z-score, 0.6745 (x - median) / MAD, is beyond 3.5; where more than half
   of the values are equal, the mean distance takes the place of the MAD.  B. Iglewicz, D. Hoaglin, "How to Detect and
   Handle Outliers", ASQC 1993. */
size_t stats_outliers(const double *sorted, size_t count);

#endif

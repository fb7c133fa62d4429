/* SPDX-License-Identifier: MIT */
/*
 * stats_test.h: comparing two samples: by how much they are apart, and whether that is more than chance.  Both
 * questions are asked of ranks, so that outliers weigh no more than any other value, and both answers are of one
 * theory: the interval of the shift holds those shifts that the test would not refuse.  Nothing fails.
 */
#ifndef TOLL_STATS_TEST_H
#define TOLL_STATS_TEST_H

#include "stats.h"
#include <stdbool.h>

#define STATS_PERMUTATIONS 100000 /* of the Monte Carlo, where there are too many to look at all */

struct stats_shift {
    double shift;                /* of the second sample against the first: above 0 if the second is higher */
    struct stats_interval range; /* its interval of at least STATS_CONFIDENCE */
    bool bounded;                /* false: with so few values no interval is that sure; range is the widest there is */
};

/* The Hodges-Lehmann shift, the median of all differences b - a, and its distribution-free interval: J. Hodges, E.
   Lehmann, Annals of Mathematical Statistics 34, 1963; M. Hollander, D. Wolfe, "Nonparametric Statistical Methods", 2nd
   ed., sections 4.2 and 4.3.  The samples need not be sorted.  Time: about 64 (n + m). */
struct stats_shift stats_shift(const double *a, size_t n, const double *b, size_t m);

struct stats_chance {
    double p;   /* two-sided: how often samples of one distribution would be so far apart */
    bool exact; /* all divisions of the values were looked at; else STATS_PERMUTATIONS random ones */
};

/* The permutation test of the rank sum, with equal values sharing their mean rank: Hollander and Wolfe, section 4.1.
   Exact up to 60 values in all. */
struct stats_chance stats_permutation(const double *a, size_t n, const double *b, size_t m, uint64_t seed);

/* Replaces p-values of several tests by those that hold for all tests at once: S. Holm, Scandinavian Journal of
   Statistics 6, 1979.  count may be 0. */
void stats_holm(double *p, size_t count);

/* The upper end of the one-sided 95 % interval of a share, of which hits in count were seen: C. Clopper, E. Pearson,
   Biometrika 26, 1934. */
double stats_share_limit(size_t hits, size_t count);

#endif

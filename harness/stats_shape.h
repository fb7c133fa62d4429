/* SPDX-License-Identifier: MIT */
/*
 * stats_shape.h: whether a sample looks like repetitions of one measurement: one hump, and no change over time.
 * Nothing fails.
 */
#ifndef TOLL_STATS_SHAPE_H
#define TOLL_STATS_SHAPE_H

#include "stats.h"

#define STATS_DIPS 1000 /* uniform samples that the dip is held against */

/* The dip of sorted values: the least distance between their distribution function and any with one mode, from 1 / (2
   count) to 1/4.  J. Hartigan, P. Hartigan, "The Dip Test of Unimodality", Annals of Statistics 13, 1985. */
double stats_dip(const double *sorted, size_t count);

/* How often a uniform sample of the same size dips as much: small if there is more than one mode. */
double stats_dip_chance(const double *sorted, size_t count, uint64_t seed);

/* Two-sided p-value of the Mann-Kendall test of values in the order in which they were measured, by its normal
   approximation with correction for equal values: R. Gilbert, "Statistical Methods for Environmental Pollution
   Monitoring", 1987, section 16.4.  1 for fewer than 8 values, where the approximation does not hold.  *direction (may
   be NULL) gets Kendall's S: above 0 if the values grow. */
double stats_trend(const double *in_order, size_t count, long *direction);

#endif

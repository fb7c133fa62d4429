/* SPDX-License-Identifier: MIT */
/*
 * stats_shape.c: the dip and the trend.
 *
 * The dip follows section 2 of Hartigan and Hartigan: between two points, at first the least and the greatest value,
 * lie the greatest convex function below the distribution function and the least concave function above it.  Where the
 * two are farthest apart is the edge of the next, narrower pair of points; the search ends when they are nowhere
 * farther apart than the distribution function already was from the convex part on the left or the concave part on the
 * right.  Distribution functions are in units of 1/count here, and jump at each value from `below` to `upto`.  One with
 * one mode may jump at the mode, and only there: equal values at an end of the pair do not count as long as the mode
 * may be that end.
 */
#include "stats_shape.h"
#include "random.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define TREND_VALUES_MIN 8

struct steps {
    double *x, *below, *upto; /* distinct values, how many values are less, and how many at most that */
    double *convex, *concave; /* the two functions at x, within the points looked at */
    size_t *corners;
    size_t count;
};

static struct steps steps_make(const double *sorted, size_t count)
{
    double *memory = calloc(count, 5 * sizeof(double));
    struct steps steps = {.corners = calloc(count, sizeof(size_t))};

    if (!memory || !steps.corners)
        abort();
    steps.x = memory;
    steps.below = memory + count;
    steps.upto = memory + 2 * count;
    steps.convex = memory + 3 * count;
    steps.concave = memory + 4 * count;
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && sorted[end] == sorted[i]; end++)
            ;
        steps.x[steps.count] = sorted[i];
        steps.below[steps.count] = (double)i;
        steps.upto[steps.count++] = (double)end;
    }
    return steps;
}

static void steps_free(struct steps *steps)
{
    free(steps->x);
    free(steps->corners);
}

/* Fills out[lo..hi] with the hull of the points (x, y): sign 1 for the greatest convex function below them, -1 for the
   least concave one above. */
static void hull(const struct steps *steps, const double *y, size_t lo, size_t hi, double sign, double *out)
{
    const double *x = steps->x;
    size_t *corners = steps->corners, top = 0;

    for (size_t i = lo; i <= hi; i++) {
        while (top > 1) {
            size_t a = corners[top - 2], b = corners[top - 1];

            if (sign * ((y[b] - y[a]) * (x[i] - x[b]) - (y[i] - y[b]) * (x[b] - x[a])) < 0)
                break;
            top--;
        }
        corners[top++] = i;
    }
    out[lo] = y[lo];
    for (size_t k = 1; k < top; k++) {
        size_t a = corners[k - 1], b = corners[k];

        for (size_t i = a + 1; i < b; i++)
            out[i] = y[a] + (y[b] - y[a]) * (x[i] - x[a]) / (x[b] - x[a]);
        out[b] = y[b]; /* to the last bit: contact is recognised by equality */
    }
}

/* The corner nearest to at on the given side, where the function touches the points y. */
static size_t corner_near(const double *function, const double *y, size_t at, size_t end)
{
    while (at != end && function[at] != y[at])
        at += at < end ? 1 : (size_t)-1;
    return at;
}

/* Where the functions are farthest apart within lo..hi, at a corner of either; the narrower pair of points from there.
 */
static double widest(const struct steps *steps, size_t *lo, size_t *hi)
{
    size_t from = *lo, to = *hi;
    double most = 0;

    for (size_t i = from; i <= to; i++) {
        double apart = steps->concave[i] - steps->convex[i];
        bool left = steps->convex[i] == steps->below[i], right = steps->concave[i] == steps->upto[i];

        if (apart <= most || (!left && !right))
            continue;
        most = apart;
        *lo = left ? i : corner_near(steps->convex, steps->below, i, from);
        *hi = left ? corner_near(steps->concave, steps->upto, i, to) : i;
    }
    return most;
}

double stats_dip(const double *sorted, size_t count)
{
    struct steps steps = steps_make(sorted, count);
    size_t lo = 0, hi = steps.count - 1;
    double dip = 1;

    while (steps.count > 1) { /* one value alone is one mode */
        size_t from = lo, to = hi;

        hull(&steps, steps.below, from, to, 1, steps.convex);
        hull(&steps, steps.upto, from, to, -1, steps.concave);
        if (widest(&steps, &lo, &hi) <= dip)
            break;
        for (size_t i = from; i < lo; i++)
            dip = fmax(dip, steps.upto[i] - steps.convex[i]);
        for (size_t i = hi + 1; i <= to; i++)
            dip = fmax(dip, steps.concave[i] - steps.below[i]);
        if (lo == from && hi == to)
            break;
    }
    steps_free(&steps);
    return dip / (2 * (double)count);
}

double stats_dip_chance(const double *sorted, size_t count, uint64_t seed)
{
    struct random random = random_of(seed);
    double dip = stats_dip(sorted, count), *uniform = calloc(count, sizeof(*uniform));
    size_t beyond = 1;

    if (!uniform)
        abort();
    for (size_t round = 0; round < STATS_DIPS; round++) {
        for (size_t i = 0; i < count; i++)
            uniform[i] = random_unit(&random);
        stats_sort(uniform, count);
        beyond += stats_dip(uniform, count) >= dip;
    }
    free(uniform);
    return (double)beyond / (STATS_DIPS + 1);
}

/* Sum of t (t - 1) (2 t + 5) over groups of t equal values. */
static double ties_term(const double *values, size_t count)
{
    double *sorted = calloc(count, sizeof(*sorted)), sum = 0;

    if (!sorted)
        abort();
    for (size_t i = 0; i < count; i++)
        sorted[i] = values[i];
    stats_sort(sorted, count);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && sorted[end] == sorted[i]; end++)
            ;
        sum += (double)(end - i) * (double)(end - i - 1) * (double)(2 * (end - i) + 5);
    }
    free(sorted);
    return sum;
}

double stats_trend(const double *in_order, size_t count, long *direction)
{
    double n = (double)count, variance, z;
    long s = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++)
            s += (in_order[k] > in_order[i]) - (in_order[k] < in_order[i]);
    }
    if (direction)
        *direction = s;
    variance = (n * (n - 1) * (2 * n + 5) - ties_term(in_order, count)) / 18;
    if (count < TREND_VALUES_MIN || variance <= 0 || s == 0)
        return 1;
    z = ((double)labs(s) - 1) / sqrt(variance);
    return erfc(z / sqrt(2));
}

/* SPDX-License-Identifier: MIT */
/*
 * warnings.c: the one table of warnings.  Of values that scatter normally the tests of modes and of drift give a false
 * alarm in at most one of a hundred cells; that of outliers, whose limit is its authors', in about one of ten.
 */
#include "warnings.h"
#include "stats_shape.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ALPHA 0.01
#define VALUES_MIN 8    /* below, the bootstrap's interval is too narrow */
#define DIP_VALUES 10   /* below, the dip sees nothing */
#define WIDE_SHARE 0.05 /* of the median */

struct view {
    const double *in_order, *sorted;
    size_t count;
    struct stats_interval middle;
};

static bool is_constant(const struct view *view)
{
    return view->sorted[0] == view->sorted[view->count - 1];
}

static bool too_few(const struct view *view)
{
    return view->count < VALUES_MIN;
}

static bool wide(const struct view *view)
{
    double median = stats_median(view->sorted, view->count);

    return view->middle.hi - view->middle.lo > WIDE_SHARE * fabs(median);
}

static bool outliers(const struct view *view)
{
    return view->count >= VALUES_MIN && stats_outliers(view->sorted, view->count) > 0;
}

static bool multimodal(const struct view *view)
{
    return view->count >= DIP_VALUES && !is_constant(view) &&
           stats_dip_chance(view->sorted, view->count, STATS_SEED) < ALPHA;
}

static bool drift(const struct view *view)
{
    return stats_trend(view->in_order, view->count, NULL) < ALPHA;
}

/* At most half as many different values as there are values: the clock is coarser than what it measures. */
static bool quantised(const struct view *view)
{
    size_t distinct = 1;

    for (size_t i = 1; i < view->count; i++)
        distinct += view->sorted[i] != view->sorted[i - 1];
    return view->count >= VALUES_MIN && distinct > 1 && distinct <= view->count / 2;
}

static const struct {
    struct warning warning;
    bool (*applies)(const struct view *view);
} table[WARNINGS_COUNT] = {
    {{"too-few", "fewer than 8 values: the interval is too narrow, and small differences cannot be seen",
      "boot more guests: toll run --reps 10, or time_repetitions in bench.toml"},
     too_few},
    {{"wide", "the interval of the median is wider than 5 % of it",
      "boot more guests, make ops larger, or quieten the host: toll doctor names what disturbs"},
     wide},
    {{"outliers", "some values are far from the others",
      "look at them by toll show RUN STRUCTURE/WORKLOAD; other work on the host is the usual cause"},
     outliers},
    {{"multimodal", "the values have more than one mode: the median may lie where no value is",
      "look for two states: frequency, a hyperthread's neighbour, the placing of pages; pin what toll doctor names"},
     multimodal},
    {{"drift", "the values rise or fall with time",
      "let the host come to rest (heat, turbo, caches of the disk) and measure again"},
     drift},
    {{"quantised", "there are few different values: the clock is too coarse for what is measured",
      "make ops larger, so that the window is longer"},
     quantised},
};

const struct warning *warnings_get(unsigned index)
{
    return &table[index].warning;
}

unsigned warnings_find(const double *in_order, size_t count, struct stats_interval middle)
{
    double *sorted = malloc(count * sizeof(*sorted));
    const struct view view = {in_order, sorted, count, middle};
    unsigned found = 0;

    if (!sorted)
        abort();
    memcpy(sorted, in_order, count * sizeof(*sorted));
    stats_sort(sorted, count);
    for (unsigned i = 0; i < WARNINGS_COUNT; i++) {
        if (table[i].applies(&view))
            found |= 1U << i;
    }
    free(sorted);
    return found;
}

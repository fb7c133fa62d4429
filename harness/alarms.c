/* SPDX-License-Identifier: MIT */
/*
 * alarms.c: A/A tests.  Where no cell was booted twice as a twin, the repetitions of a cell are dealt out in turn to
 * two halves: they are of one image, and what changes slowly falls on both.
 */
#include "alarms.h"
#include "compare.h"
#include "stats_test.h"
#include <string.h>

#define VALUES_MIN 4 /* a side: with fewer the test can never give an alarm at 5 % */

static bool is_tested(const struct result *result)
{
    return result->n > 0 && strcmp(result->evidence, "measured") == 0 &&
           compare_role(result->metric) == COMPARE_GATED && !strstr(result->unit, "/run");
}

static const struct result *twin_find(const struct results *results, const struct result *result)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct result *other = &results->items[i];

        if (strcmp(other->cell->variant, CONFIG_TWIN) == 0 && strcmp(other->metric, result->metric) == 0 &&
            strcmp(other->cell->lane, result->cell->lane) == 0 &&
            strcmp(other->cell->structure, result->cell->structure) == 0 &&
            strcmp(other->cell->workload, result->cell->workload) == 0 && is_tested(other))
            return other;
    }
    return NULL;
}

static double *values_of(struct arena *arena, const struct result *result, size_t *count)
{
    const struct metric metric = {result->metric, NULL, 0};
    double *values = arena_alloc(arena, result->cell->sample_count * sizeof(*values));

    *count = results_values(result->cell, &metric, values);
    return values;
}

static void test_add(struct alarms *alarms, const double *a, size_t n, const double *b, size_t m)
{
    if (n < VALUES_MIN || m < VALUES_MIN)
        return;
    alarms->tests++;
    alarms->alarms += stats_permutation(a, n, b, m, STATS_SEED).p < STATS_ALPHA;
}

/* The values in turn: the even ones to the front, the odd ones behind them. */
static void halves_test(struct arena *arena, struct alarms *alarms, const double *values, size_t count)
{
    double *dealt = arena_alloc(arena, (count + 1) * sizeof(*dealt));
    size_t even = (count + 1) / 2;

    for (size_t i = 0; i < count; i++)
        dealt[i % 2 ? even + i / 2 : i / 2] = values[i];
    test_add(alarms, dealt, even, dealt + even, count - even);
}

struct alarms alarms_of(struct arena *arena, const struct results *results)
{
    struct alarms alarms = {0};

    for (size_t i = 0; i < results->count; i++)
        alarms.twins |= is_tested(&results->items[i]) && strcmp(results->items[i].cell->variant, CONFIG_TWIN) == 0;
    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i], *twin;
        double *a, *b;
        size_t n, m;

        if (!is_tested(result))
            continue;
        a = values_of(arena, result, &n);
        if (!alarms.twins) {
            halves_test(arena, &alarms, a, n);
        } else if (strcmp(result->cell->variant, "default") == 0 && (twin = twin_find(results, result))) {
            b = values_of(arena, twin, &m);
            test_add(&alarms, a, n, b, m);
        }
    }
    if (alarms.tests) {
        alarms.share = (double)alarms.alarms / (double)alarms.tests;
        alarms.limit = stats_share_limit(alarms.alarms, alarms.tests);
    }
    return alarms;
}

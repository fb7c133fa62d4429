/* SPDX-License-Identifier: MIT */
/*
 * cautions.c: warnings and false alarms in words, the same for the terminal, results.json and the report.
 */
#include "cautions.h"
#include "alarms.h"
#include "warnings.h"
#include <string.h>

#define NAMES_SHOWN 3

static void warning_tell(struct arena *arena, const struct results *results, unsigned index, struct strings *cautions)
{
    const struct warning *warning = warnings_get(index);
    struct strings names = {0};
    size_t more = 0;

    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        bool plain = strcmp(result->cell->variant, "default") == 0;

        if (!(result->warnings & (1U << index)))
            continue;
        if (names.count < NAMES_SHOWN)
            strings_print(arena, &names, "%s%s%s/%s %s", result->cell->structure, plain ? "" : ":",
                          plain ? "" : result->cell->variant, result->cell->workload, result->metric);
        else
            more++;
    }
    if (names.count)
        strings_print(arena, cautions, "%s (%s%s): %s; %s", warning->name, strings_join(arena, &names, ", "),
                      more ? arena_print(arena, " and %zu more", more) : "", warning->text, warning->advice);
}

struct strings cautions_of(struct arena *arena, const struct results *results)
{
    struct alarms alarms = alarms_of(arena, results);
    struct strings cautions = {0};

    for (unsigned i = 0; i < WARNINGS_COUNT; i++)
        warning_tell(arena, results, i, &cautions);
    if (alarms.tests)
        strings_print(
            arena, &cautions,
            "A/A: of %zu comparisons of an image with itself (%s) %zu differed: %.1f %% false alarms, at most "
            "%.1f %% (95 %% sure)",
            alarms.tests, alarms.twins ? "booted again" : "odd repetitions with even ones", alarms.alarms,
            100 * alarms.share, 100 * alarms.limit);
    return cautions;
}

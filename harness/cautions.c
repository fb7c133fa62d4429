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

        if (!(result->warnings & (1U << index)))
            continue;
        if (names.count < NAMES_SHOWN)
            strings_print(arena, &names, "%s/%s %s",
                          config_system_name(arena, result->cell->structure, result->cell->variant, ':'),
                          result->cell->workload, result->metric);
        else
            more++;
    }
    if (names.count)
        strings_print(arena, cautions, "%s (%s%s): %s; %s", warning->name, strings_join(arena, &names, ", "),
                      more ? arena_print(arena, " and %zu more", more) : "", warning->text, warning->advice);
}

static bool is_unpinned(const struct results *results, const struct cell *cell)
{
    (void)results;
    for (size_t i = 0; i < cell->sample_count; i++) {
        if (strncmp(cell->samples[i]->observers, "not pinned", strlen("not pinned")) == 0)
            return true;
    }
    return false;
}

static bool is_shared(const struct results *results, const struct cell *cell)
{
    const struct result *enabled = results_find(results, cell, "pmu.enabled_ns");
    const struct result *running = results_find(results, cell, "pmu.running_ns");

    return enabled && running && running->value < enabled->value;
}

/* What the observers of the time lane could not do as they should. */
static void observers_tell(struct arena *arena, const struct results *results, struct strings *cautions)
{
    static const struct {
        bool (*applies)(const struct results *results, const struct cell *cell);
        const char *name, *text;
    } table[] = {
        {is_unpinned, "not pinned",
         "the guest may have moved between processors; name one that toll may use in time_cpu (toll show has the "
         "reason)"},
        {is_shared, "counters shared",
         "others had the core's counters for a part of the time, so pmu.* are scaled; end other users of perf, and set "
         "kernel.nmi_watchdog to 0"},
    };

    for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
        size_t count = 0;

        for (size_t i = 0; i < results->cells.count; i++) {
            const struct cell *cell = &results->cells.items[i];

            count += strcmp(cell->lane, "time") == 0 && strcmp(cell->status, CELL_OK) == 0 &&
                     table[t].applies(results, cell);
        }
        if (count)
            strings_print(arena, cautions, "%s (%zu cells): %s", table[t].name, count, table[t].text);
    }
}

struct strings cautions_of(struct arena *arena, const struct results *results)
{
    struct alarms alarms = alarms_of(arena, results);
    struct strings cautions = {0};

    for (unsigned i = 0; i < WARNINGS_COUNT; i++)
        warning_tell(arena, results, i, &cautions);
    observers_tell(arena, results, &cautions);
    if (alarms.tests)
        strings_print(
            arena, &cautions,
            "A/A: of %zu comparisons of an image with itself (%s) %zu differed: %.1f %% false alarms, at most "
            "%.1f %% (95 %% sure)",
            alarms.tests, alarms.twins ? "booted again" : "odd repetitions with even ones", alarms.alarms,
            100 * alarms.share, 100 * alarms.limit);
    return cautions;
}

json_t *cautions_warnings_to_json(const struct results *results)
{
    json_t *list = json_array();
    unsigned found = 0;

    for (size_t i = 0; i < results->count; i++)
        found |= results->items[i].warnings;
    for (unsigned i = 0; i < WARNINGS_COUNT; i++) {
        const struct warning *warning = warnings_get(i);

        if (found & (1U << i))
            json_array_append_new(
                list, json_pack("{ss ss ss}", "name", warning->name, "text", warning->text, "advice", warning->advice));
    }
    return list;
}

json_t *cautions_alarms_to_json(struct arena *arena, const struct results *results)
{
    struct alarms alarms = alarms_of(arena, results);

    if (!alarms.tests)
        return NULL;
    return json_pack("{si si sf sf sb}", "tests", (int)alarms.tests, "alarms", (int)alarms.alarms, "share",
                     alarms.share, "limit", alarms.limit, "twins", (int)alarms.twins);
}

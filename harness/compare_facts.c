/* SPDX-License-Identifier: MIT */
/*
 * compare_facts.c: loading what is compared, and whether it may be.
 *
 * Exact counts depend on the emulator, its options and the tools that made the images, not on the processor or the
 * kernel of the host; measured values depend on those as well.
 */
#include "compare.h"
#include "layout.h"
#include "reference.h"
#include "store.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key, *what;
    bool time; /* concerns the time lane only */
} facts[] = {
    {"qemu", "QEMU", false},
    {"compiler", "the compiler", false},
    {"linker", "the linker", false},
    {"cpu", "the processor", true},
    {"processors", "the number of processors", true},
    {"kernel", "the host's kernel", true},
    {"cpu_features", "the processor's features", true},
};

/* A run of another schema means other things by the same names; one that grows is not done. */
static int run_check(struct arena *arena, const char *folder, struct error *error)
{
    json_t *plan = store_load_json(arena, folder, "plan.json", error);
    const char *schema = json_string_value(json_object_get(plan, "schema"));
    int failed = plan ? 0 : -1;

    if (schema && strcmp(schema, SAMPLE_SCHEMA) != 0)
        failed = error_set(error, TOLL_HOST, "%s/plan.json: schema: %s, this toll compares %s only; make the run again",
                           folder, schema, SAMPLE_SCHEMA);
    json_decref(plan);
    if (!failed && store_is_busy(arena, folder))
        failed = error_set(error, TOLL_USAGE, "another toll is writing to %s; wait for it", folder);
    return failed;
}

int compare_load(struct arena *arena, const char *name, struct results *results, struct error *error)
{
    const char *folder = NULL;

    if (name && reference_is(arena, name))
        return reference_load(arena, name, results, error);
    if (name && reference_is(arena, arena_print(arena, "%s/%s", LAYOUT_RESULTS, name)))
        return reference_load(arena, arena_print(arena, "%s/%s", LAYOUT_RESULTS, name), results, error);
    folder = store_find(arena, name, error);
    if (!folder || run_check(arena, folder, error))
        return -1;
    return results_load(arena, folder, results, error);
}

static bool has_time(const struct results *results)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, "time") == 0 && strcmp(cell->status, CELL_OK) == 0)
            return true;
    }
    return false;
}

static bool is_known(const json_t *value)
{
    return value && !json_is_null(value);
}

static const char *fact_text(struct arena *arena, const json_t *value)
{
    char *text = is_known(value) ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL, *copy;

    if (json_is_string(value))
        copy = arena_copy(arena, json_string_value(value));
    else
        copy = arena_copy(arena, text ? text : "unknown");
    free(text);
    return copy;
}

/* QEMU's options of the first admitted cell of a lane; NULL if there is none. */
static const char *options_of(const struct results *results, const char *lane)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, lane) == 0 && strcmp(cell->status, CELL_OK) == 0)
            return cell->samples[0]->options;
    }
    return NULL;
}

static void options_compare(struct arena *arena, const struct results *before, const struct results *after,
                            struct comparison *comparison)
{
    static const char *const lanes[] = {"exact", "time"};

    for (size_t i = 0; i < 2; i++) {
        const char *a = options_of(before, lanes[i]), *b = options_of(after, lanes[i]);

        if (a && b && strcmp(a, b) != 0)
            strings_print(arena, &comparison->differences, "QEMU's options in the %s lane: %s, then %s", lanes[i], a,
                          b);
    }
}

void compare_facts(struct arena *arena, const struct results *before, const struct results *after,
                   struct comparison *comparison)
{
    bool timed = has_time(before) && has_time(after);

    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const json_t *a = json_object_get(before->host, facts[i].key), *b = json_object_get(after->host, facts[i].key);

        if ((facts[i].time && !timed) || (!is_known(a) && !is_known(b)) || json_equal(a, b))
            continue;
        strings_print(arena, &comparison->differences, "%s: %s, then %s", facts[i].what, fact_text(arena, a),
                      fact_text(arena, b));
    }
    options_compare(arena, before, after, comparison);
}

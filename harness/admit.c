/* SPDX-License-Identifier: MIT */
/*
 * admit.c: the admission rules.  First each cell by itself (cell_judge), then each workload across structures
 * (peers_judge): if two structures disagree, nobody can say which is right, so none of them is admitted.
 */
#include "admit.h"
#include "believe.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

static struct cell *cells_add(struct arena *arena, struct cells *cells, struct cell cell)
{
    cells->items = arena_grow(arena, cells->items, cells->count, &cells->room, sizeof(*cells->items));
    cells->items[cells->count] = cell;
    return &cells->items[cells->count++];
}

static bool is_of(const struct sample *sample, const struct cell *cell)
{
    return strcmp(sample->structure, cell->structure) == 0 && strcmp(sample->workload, cell->workload) == 0 &&
           strcmp(sample->variant, cell->variant) == 0 && strcmp(sample->lane, cell->lane) == 0;
}

static void cell_fill(struct arena *arena, struct cell *cell, const struct samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        if (!is_of(&samples->items[i], cell))
            continue;
        cell->samples =
            arena_grow(arena, cell->samples, cell->sample_count, &cell->sample_room, sizeof(*cell->samples));
        cell->samples[cell->sample_count++] = &samples->items[i];
    }
}

static void cell_set(struct cell *cell, const char *status, const char *reason)
{
    cell->status = status;
    cell->reason = reason;
}

static size_t status_count(const struct cell *cell, const char *status, const char **reason)
{
    size_t count = 0;

    for (size_t i = 0; i < cell->sample_count; i++) {
        if (strcmp(cell->samples[i]->status, status) != 0)
            continue;
        if (count++ == 0)
            *reason = cell->samples[i]->reason;
    }
    return count;
}

/* A kernel of its own (linux) and an image without books keep none: they are admitted without an audit, and say so. */
static bool needs_audit(const struct cell *cell)
{
    return strcmp(cell->lane, "exact") == 0 && strcmp(cell->structure, "linux") != 0 &&
           strcmp(cell->variant, CONFIG_BOOKLESS) != 0;
}

/* Why a sample of an image without books cannot be of one, or NULL. */
static const char *bookless_differs(struct arena *arena, const struct sample *sample)
{
    const struct metric *counting = metrics_find(&sample->metrics, "counting");

    if (strcmp(sample->variant, CONFIG_BOOKLESS) != 0)
        return NULL;
    if (strcmp(sample->audit, "none") != 0)
        return "the image was to keep no books, and reported some";
    if (counting && counting->value > 0)
        return arena_print(arena, "the image was to keep no books, and spent %" PRId64 " instructions on them",
                           counting->value);
    return NULL;
}

static void audit_judge(struct arena *arena, struct cell *cell)
{
    cell->audit = "ok";
    for (size_t i = 0; i < cell->sample_count; i++) {
        const struct sample *sample = cell->samples[i];
        const char *differs = bookless_differs(arena, sample);

        if (differs) {
            cell_set(cell, CELL_REJECTED, differs);
            return;
        }
        if (strcmp(sample->audit, "failed") == 0) {
            cell->audit = "failed";
            cell_set(cell, CELL_REJECTED, arena_print(arena, "the audit failed: %s", sample->audit_reason));
            return;
        }
        if (strcmp(sample->audit, "none") == 0)
            cell->audit = "none";
    }
    if (strcmp(cell->audit, "none") == 0 && needs_audit(cell))
        cell_set(cell, CELL_REJECTED, "there was no audit: the kernel reported no books for the window");
}

static void samples_judge(struct arena *arena, const json_t *plan, struct cell *cell)
{
    for (size_t i = 0; i < cell->sample_count && strcmp(cell->status, CELL_OK) == 0; i++) {
        const char *reason = believe_sample(arena, plan, cell->samples[i]);

        if (reason)
            cell_set(cell, CELL_REJECTED, reason);
        for (size_t k = 0; k < i && !reason; k++) {
            if (cell->samples[k]->rep == cell->samples[i]->rep)
                cell_set(cell, CELL_REJECTED,
                         arena_print(arena, "repetition %" PRId64 " is stored twice", cell->samples[i]->rep));
        }
    }
}

static void repetitions_judge(struct cell *cell)
{
    for (size_t i = 1; i < cell->sample_count; i++) {
        if (cell->samples[i]->ops != cell->samples[0]->ops)
            cell_set(cell, CELL_REJECTED, "the repetitions did different numbers of operations");
        else if (strcmp(cell->samples[i]->output_sha256, cell->samples[0]->output_sha256) != 0)
            cell_set(cell, CELL_REJECTED, "the output is not the same in each repetition");
    }
}

static void cell_judge(struct arena *arena, const json_t *plan, struct cell *cell)
{
    const char *reason = "";
    size_t known = status_count(cell, "ok", &reason) + status_count(cell, "skip", &reason),
           failed = status_count(cell, "fail", &reason);

    cell->audit = "none";
    cell_set(cell, CELL_OK, "");
    if (cell->sample_count == 0)
        cell_set(cell, CELL_MISSING, "not run yet; toll run --resume goes on with it");
    else if (failed > 0 && cell->sample_count > 1)
        cell_set(cell, CELL_FAIL, arena_print(arena, "%zu of %zu runs: %s", failed, cell->sample_count, reason));
    else if (failed > 0)
        cell_set(cell, CELL_FAIL, reason);
    else if (known < cell->sample_count)
        cell_set(cell, CELL_REJECTED, "a sample has a status other than ok, fail and skip");
    else if (status_count(cell, "skip", &reason) > 0)
        cell_set(cell, CELL_SKIP, reason);
    if (strcmp(cell->status, CELL_OK) == 0)
        samples_judge(arena, plan, cell);
    if (strcmp(cell->status, CELL_OK) != 0)
        return;
    repetitions_judge(cell);
    if (strcmp(cell->status, CELL_OK) == 0)
        audit_judge(arena, cell);
}

static char *cell_name(struct arena *arena, const struct cell *cell)
{
    return config_system_name(arena, cell->structure, cell->variant, ':');
}

/* What must be equal in all structures, and how the reason calls it. */
static const struct {
    size_t offset;
    const char *what;
    enum {
        ALWAYS,
        IF_TOLD,
        OF_OURS
    } when; /* a system that does not tell it, or runs another program, is compared too */
} shared[] = {
    {offsetof(struct sample, output_sha256), "the output differs", OF_OURS},
    {offsetof(struct sample, workload_sha256), "the workload's object differs", OF_OURS},
    {offsetof(struct sample, words), "the workload's arguments differ", OF_OURS},
    {offsetof(struct sample, answers), "what the clients were answered differs", IF_TOLD},
    {offsetof(struct sample, options), "QEMU's options differ", ALWAYS},
    {offsetof(struct sample, model), "the model of caches and TLBs differs", ALWAYS},
    {offsetof(struct sample, cpu_features), "what was found in the processor differs", IF_TOLD},
};

static const char *text_at(const struct cell *cell, size_t offset)
{
    const char *place = (const char *)cell->samples[0] + offset;
    const char *text = *(const char *const *)(const void *)place;

    return text ? text : "";
}

static bool is_ours(const struct cell *cell)
{
    return !*text_at(cell, offsetof(struct sample, server));
}

static bool must_be_equal(size_t field, const struct cell *a, const struct cell *b)
{
    if (shared[field].when == IF_TOLD)
        return *text_at(a, shared[field].offset) && *text_at(b, shared[field].offset);
    return shared[field].when == ALWAYS || (is_ours(a) && is_ours(b));
}

/* Where two texts begin to differ, from the start of the word: "-M a -cpu x" and "-M a -cpu y" do at "x". */
static size_t common_length(const char *a, const char *b)
{
    size_t common = 0;

    for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
        if (a[i] == ' ')
            common = i + 1;
    }
    return common;
}

/* Why two cells of one workload cannot be compared, or NULL. */
static const char *peers_differ(struct arena *arena, const struct cell *a, const struct cell *b)
{
    const char *left = cell_name(arena, a), *right = cell_name(arena, b);

    if (a->samples[0]->ops != b->samples[0]->ops)
        return arena_print(arena, "the operations differ between %s (%" PRId64 ") and %s (%" PRId64 ")", left,
                           a->samples[0]->ops, right, b->samples[0]->ops);
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        const char *x = text_at(a, shared[i].offset), *y = text_at(b, shared[i].offset);
        size_t common = common_length(x, y);

        if (strcmp(x, y) != 0 && must_be_equal(i, a, b))
            return arena_print(arena, "%s between %s (%.24s) and %s (%.24s)", shared[i].what, left, x + common, right,
                               y + common);
    }
    return NULL;
}

/* Cells whose runs went well take part, even if their audit failed: their output still says something. */
static bool takes_part(const struct cell *cell, const struct cell *with)
{
    return (strcmp(cell->status, CELL_OK) == 0 || strcmp(cell->status, CELL_REJECTED) == 0) &&
           strcmp(cell->workload, with->workload) == 0 && strcmp(cell->lane, with->lane) == 0;
}

static void peers_judge(struct arena *arena, struct cells *cells, const struct cell *first)
{
    const char *reason = NULL;

    for (struct cell *cell = cells->items; cell < cells->items + cells->count && !reason; cell++) {
        if (takes_part(cell, first))
            reason = peers_differ(arena, first, cell);
    }
    for (struct cell *cell = cells->items; cell < cells->items + cells->count && reason; cell++) {
        if (takes_part(cell, first) && strcmp(cell->status, CELL_OK) == 0)
            cell_set(cell, CELL_REJECTED, reason);
    }
}

static int cell_from_json(struct arena *arena, const json_t *json, struct cell *cell)
{
    const char *structure = json_string_value(json_object_get(json, "structure"));
    const char *workload = json_string_value(json_object_get(json, "workload"));
    const char *variant = json_string_value(json_object_get(json, "variant"));
    const char *lane = json_string_value(json_object_get(json, "lane"));
    const json_t *within = json_object_get(json, "repeats_within");

    if (!structure || !workload || !variant || !lane || (within && !(json_number_value(within) > 0)))
        return -1;
    *cell = (struct cell){.structure = arena_copy(arena, structure),
                          .workload = arena_copy(arena, workload),
                          .variant = arena_copy(arena, variant),
                          .lane = arena_copy(arena, lane),
                          .repeats_within = json_number_value(within)};
    return 0;
}

int admit_cells(struct arena *arena, const json_t *plan, const struct samples *samples, struct cells *cells,
                struct error *error)
{
    json_t *list = json_object_get(plan, "cells"), *json;
    size_t i;

    *cells = (struct cells){0};
    if (!json_is_array(list))
        return error_set(error, TOLL_USAGE,
                         "plan.json: cells: expected the list of what was asked for; make the run again");
    json_array_foreach(list, i, json)
    {
        struct cell cell, *added;

        if (cell_from_json(arena, json, &cell))
            return error_set(
                error, TOLL_USAGE,
                "plan.json: cells[%zu]: expected structure, workload, variant and lane, and above 0, if it "
                "is there, repeats_within",
                i);
        added = cells_add(arena, cells, cell);
        cell_fill(arena, added, samples);
        cell_judge(arena, plan, added);
    }
    for (struct cell *cell = cells->items; cell < cells->items + cells->count; cell++) {
        if (takes_part(cell, cell))
            peers_judge(arena, cells, cell);
    }
    return 0;
}

static void cell_append(json_t *list, const char *structure, const struct config_workload *workload,
                        const char *variant, enum lane lane)
{
    json_t *cell = json_pack("{ss ss ss ss}", "structure", structure, "workload", workload->name, "variant", variant,
                             "lane", plan_lane_name(lane));

    if (workload->repeats_within > 0)
        json_object_set_new(cell, "repeats_within", json_real(workload->repeats_within));
    json_array_append_new(list, cell);
}

static void guests_append(json_t *list, const struct plan *plan, const struct config_workload *workload, enum lane lane)
{
    const struct config *config = plan->config;

    for (size_t s = 0; s < config->structure_count; s++) {
        for (size_t v = 0; v < config->structures[s].variant_count; v++) {
            for (size_t g = 0; g < plan->guest_count; g++) {
                const struct plan_guest *guest = &plan->guests[g];

                if (guest->structure != &config->structures[s] || guest->lane != lane || guest->rep != 0 ||
                    strcmp(guest->variant, config->structures[s].variants[v].name) != 0)
                    continue;
                for (size_t c = 0; c < guest->cell_count; c++) {
                    if (guest->cells[c].workload == workload)
                        cell_append(list, guest->structure->name, workload, guest->variant, lane);
                }
            }
        }
        for (size_t r = 0; r < plan->refusal_count && lane == LANE_EXACT; r++) {
            if (plan->refusals[r].workload == workload && plan->refusals[r].structure == &config->structures[s])
                cell_append(list, config->structures[s].name, workload, "default", lane);
        }
    }
}

json_t *admit_cells_to_json(const struct plan *plan)
{
    static const enum lane lanes[] = {LANE_EXACT, LANE_TIME};
    json_t *list = json_array();

    for (size_t l = 0; l < 2; l++) {
        for (size_t w = 0; w < plan->config->workload_count; w++)
            guests_append(list, plan, &plan->config->workloads[w], lanes[l]);
    }
    return list;
}

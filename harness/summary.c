/* SPDX-License-Identifier: MIT */
/*
 * summary.c: cells that have no number for one and the same reason share a line.
 */
#include "summary.h"
#include <string.h>

#define NAMES_SHOWN 3

static const struct {
    const char *status, *shown;
    size_t offset;
} states[] = {
    {CELL_FAIL, "failed", offsetof(struct summary, failed)},
    {CELL_REJECTED, "not admitted", offsetof(struct summary, rejected)},
    {CELL_SKIP, "skipped", offsetof(struct summary, skipped)},
    {CELL_MISSING, "not run", offsetof(struct summary, missing)},
};
#define STATES (sizeof(states) / sizeof(states[0]))

static size_t *count_of(struct summary *summary, size_t state)
{
    return (size_t *)(void *)((char *)summary + states[state].offset);
}

const char *summary_skip_reason(const struct results *results, const char *lane)
{
    const char *reason = NULL;

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, lane) != 0)
            continue;
        if (strcmp(cell->status, CELL_SKIP) != 0 || (reason && strcmp(reason, cell->reason) != 0))
            return NULL;
        reason = cell->reason;
    }
    return reason;
}

static bool is_alike(const struct cell *a, const struct cell *b)
{
    return strcmp(a->lane, b->lane) == 0 && strcmp(a->status, b->status) == 0 && strcmp(a->reason, b->reason) == 0;
}

/* One line for all cells like the first of them, at index. */
static void group_print(struct arena *arena, FILE *out, const struct results *results, size_t index, const char *shown)
{
    const struct cell *first = &results->cells.items[index];
    struct strings names = {0};
    size_t more = 0;

    for (size_t i = 0; i < index; i++) {
        if (is_alike(&results->cells.items[i], first))
            return; /* it had its line */
    }
    for (size_t i = index; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];
        bool plain = strcmp(cell->variant, "default") == 0;

        if (!is_alike(cell, first))
            continue;
        if (names.count < NAMES_SHOWN)
            strings_print(arena, &names, "%s/%s%s%s", cell->structure, cell->workload, plain ? "" : " ",
                          plain ? "" : cell->variant);
        else
            more++;
    }
    fprintf(out, "  %s: %s%s: %s\n", shown, strings_join(arena, &names, ", "),
            more ? arena_print(arena, " and %zu more", more) : "", first->reason);
}

static struct summary lane_count(const struct results *results, const char *lane)
{
    struct summary summary = {0};

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, lane) != 0)
            continue;
        summary.measured += strcmp(cell->status, CELL_OK) == 0;
        for (size_t s = 0; s < STATES; s++)
            *count_of(&summary, s) += strcmp(cell->status, states[s].status) == 0;
    }
    return summary;
}

static void lane_print(struct arena *arena, FILE *out, const struct results *results, const char *lane,
                       struct summary *summary)
{
    size_t all = summary->measured + summary->failed + summary->rejected + summary->skipped + summary->missing;
    const char *reason = summary_skip_reason(results, lane);

    if (all == 0)
        return;
    if (reason) {
        fprintf(out, "%s lane: skipped: %s\n", lane, reason);
        return;
    }
    fprintf(out, "%s lane: %zu of %zu cells measured", lane, summary->measured, all);
    for (size_t s = 0; s < STATES; s++) {
        if (*count_of(summary, s))
            fprintf(out, ", %zu %s", *count_of(summary, s), states[s].shown);
    }
    fputc('\n', out);
    for (size_t s = 0; s < STATES; s++) {
        for (size_t i = 0; i < results->cells.count; i++) {
            const struct cell *cell = &results->cells.items[i];

            if (strcmp(cell->lane, lane) == 0 && strcmp(cell->status, states[s].status) == 0)
                group_print(arena, out, results, i, states[s].shown);
        }
    }
}

struct summary summary_print(struct arena *arena, FILE *out, const struct results *results)
{
    static const char *const lanes[] = {"exact", "time"};
    struct summary all = {0};

    for (size_t l = 0; l < 2; l++) {
        struct summary lane = lane_count(results, lanes[l]);

        lane_print(arena, out, results, lanes[l], &lane);
        all.measured += lane.measured;
        for (size_t s = 0; s < STATES; s++)
            *count_of(&all, s) += *count_of(&lane, s);
    }
    return all;
}

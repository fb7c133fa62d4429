/* SPDX-License-Identifier: MIT */
/*
 * round.c: which guests of the time lane are still wanted.  A guest with several cells is, as long as one of them is.
 */
#include "round.h"
#include "clock.h"
#include <string.h>

struct round_cell {
    const char *structure, *variant, *workload;
    double *values;
    size_t count, room;
    bool failed; /* it stays a failure, however often it is booted */
};

static struct round_cell *cell_find(const struct rounds *rounds, const char *structure, const char *variant,
                                    const char *workload)
{
    for (size_t i = 0; i < rounds->count; i++) {
        struct round_cell *cell = &rounds->cells[i];

        if (strcmp(cell->structure, structure) == 0 && strcmp(cell->variant, variant) == 0 &&
            strcmp(cell->workload, workload) == 0)
            return cell;
    }
    return NULL;
}

void rounds_add(struct rounds *rounds, const struct sample *sample)
{
    struct round_cell *cell = cell_find(rounds, sample->structure, sample->variant, sample->workload);
    const struct metric *cycles = metrics_find(&sample->metrics, "cycles");

    if (!cell)
        return;
    cell->failed |= strcmp(sample->status, "ok") != 0;
    if (!cycles || sample->ops <= 0)
        return;
    cell->values = arena_grow(rounds->arena, cell->values, cell->count, &cell->room, sizeof(*cell->values));
    cell->values[cell->count++] = (double)cycles->value / (double)sample->ops;
}

void rounds_start(struct rounds *rounds, struct arena *arena, const struct plan *plan, const struct samples *before)
{
    *rounds = (struct rounds){.arena = arena, .plan = plan, .start_ms = clock_now_ms()};
    for (size_t g = 0; g < plan->guest_count; g++) {
        const struct plan_guest *guest = &plan->guests[g];

        for (size_t c = 0; c < guest->cell_count && guest->lane == LANE_TIME && guest->rep == 0; c++) {
            rounds->cells = arena_grow(arena, rounds->cells, rounds->count, &rounds->room, sizeof(*rounds->cells));
            rounds->cells[rounds->count++] = (struct round_cell){.structure = guest->structure->name,
                                                                 .variant = guest->variant,
                                                                 .workload = guest->cells[c].workload->name};
        }
    }
    for (size_t i = 0; i < before->count; i++) {
        if (strcmp(before->items[i].lane, plan_lane_name(LANE_TIME)) == 0)
            rounds_add(rounds, &before->items[i]);
    }
}

/* The rule sorts what it is given, which must not change the order of measuring. */
static enum stop_cause cell_judge(const struct rounds *rounds, const struct round_cell *cell, int spent)
{
    struct arena scratch = {0};
    double *values = arena_alloc(&scratch, (cell->count + 1) * sizeof(*values));
    enum stop_cause cause;

    if (cell->count)
        memcpy(values, cell->values, cell->count * sizeof(*values));
    cause = stop_judge(&rounds->plan->stop, values, cell->count, spent);
    arena_free(&scratch);
    return cause;
}

bool rounds_want(struct rounds *rounds, const struct plan_guest *guest)
{
    if (guest->rep > rounds->rep) {
        rounds->rep = guest->rep;
        rounds->spent = clock_now_ms() - rounds->start_ms > rounds->plan->stop.budget_ms;
    }
    if (rounds->spent)
        return false;
    for (size_t c = 0; c < guest->cell_count; c++) {
        const struct round_cell *cell =
            cell_find(rounds, guest->structure->name, guest->variant, guest->cells[c].workload->name);

        if (!cell || (!cell->failed && cell_judge(rounds, cell, false) == STOP_NOT))
            return true;
    }
    return false;
}

size_t rounds_ended(const struct rounds *rounds, enum stop_cause cause)
{
    size_t count = 0;

    for (size_t i = 0; i < rounds->count; i++)
        count += !rounds->cells[i].failed && cell_judge(rounds, &rounds->cells[i], rounds->spent) == cause;
    return count;
}

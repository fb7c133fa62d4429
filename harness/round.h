/* SPDX-License-Identifier: MIT */
/*
 * round.h: the rounds of the time lane: remembers each cell's cycles so far and says which guests are still wanted.
 */
#ifndef TOLL_ROUND_H
#define TOLL_ROUND_H

#include "plan.h"
#include "sample.h"
#include "store.h"

struct round_cell;

struct rounds {
    struct arena *arena;
    const struct plan *plan;
    struct round_cell *cells;
    size_t count, room;
    int64_t start_ms;
    uint32_t rep; /* of the round that runs */
    bool spent;   /* the budget was, when this round was to begin */
};

/* before: samples of an earlier call, whose time does not count. */
void rounds_start(struct rounds *rounds, struct arena *arena, const struct plan *plan, const struct samples *before);

/* Whether the guest must be booted.  Guests are asked for in the order of the plan: by rounds. */
bool rounds_want(struct rounds *rounds, const struct plan_guest *guest);

/* A sample of the time lane was stored. */
void rounds_add(struct rounds *rounds, const struct sample *sample);

/* How many cells ended for a cause. */
size_t rounds_ended(const struct rounds *rounds, enum stop_cause cause);

#endif

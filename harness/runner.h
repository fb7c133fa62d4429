/* SPDX-License-Identifier: MIT */
/*
 * runner.h: boots the guests of a plan, several at once in the exact lane and one at a time in the time lane, and
 * stores their samples as they come.
 */
#ifndef TOLL_RUNNER_H
#define TOLL_RUNNER_H

#include "guest.h"
#include "progress.h"
#include "round.h"

struct runner_result {
    size_t ok, failed, skipped; /* samples stored by this call */
    bool interrupted;
    size_t ended[STOP_BUDGET + 1]; /* cells of the time lane by what ended their boots */
};

struct runner {
    struct arena *arena;
    const struct plan *plan;
    const struct store *store;
    const struct samples *before; /* what an earlier call stored: not run again */
    const struct guest_context *context;
    unsigned jobs;
    const char *time_reason; /* why the time lane cannot run: its cells are skipped; NULL if it can */
};

/* 0 when all was run or it was interrupted; -1 when it had to stop (a full disk, no QEMU).  What was stored before
   stays in either case. */
int runner_run(const struct runner *runner, struct runner_result *result, struct error *error);

/* Whether samples has one for the guest's cell. */
bool runner_has_sample(const struct samples *samples, const struct plan_guest *guest, size_t cell);

#endif

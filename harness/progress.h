/* SPDX-License-Identifier: MIT */
/*
 * progress.h: what a person sees of a run, on standard error: a line for each guest that ended, with the time that
 * is left; on a terminal also a bar that is rewritten in place.  Colours only on a terminal and without NO_COLOR.
 */
#ifndef TOLL_PROGRESS_H
#define TOLL_PROGRESS_H

#include "plan.h"
#include "sample.h"
#include <stdio.h>

struct progress_item {
    const struct plan_guest *guest;
    int64_t start_ms; /* 0: not started */
    bool done;
};

struct progress {
    FILE *out;
    bool terminal, colour;
    struct progress_item *items;
    size_t total, done;
    unsigned jobs;
    int64_t start_ms;
    int64_t spent_ms[2]; /* by guests that ended: small ones, boots of a whole system */
    size_t ended[2];
};

/* The guests must outlive the progress; its items are the arena's. */
void progress_start(struct progress *progress, struct arena *arena, FILE *out, const struct plan_guest *const *guests,
                    size_t count, unsigned jobs);

/* A guest is about to boot; it ended. */
void progress_boot(struct progress *progress, const struct plan_guest *guest);
void progress_guest(struct progress *progress, struct arena *arena, const struct plan_guest *guest,
                    const struct sample *samples, int64_t wall_ms);

/* A guest is not booted after all. */
void progress_pass(struct progress *progress, const struct plan_guest *guest);

/* Removes the bar. */
void progress_end(struct progress *progress);

#endif

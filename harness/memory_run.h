/* SPDX-License-Identifier: MIT */
/*
 * memory_run.h: halves the memory of several cells at once, for `toll memory`.
 */
#ifndef TOLL_MEMORY_RUN_H
#define TOLL_MEMORY_RUN_H

#include "memory.h"
#include <pthread.h>

#define MEMORY_JOBS_MAX 64

struct memory_run {
    struct arena *arena;
    const struct config *config;
    int cancel;              /* as process_catch_signals gives it */
    unsigned jobs;           /* cells at once, at most MEMORY_JOBS_MAX */
    struct memory_row *rows; /* whose guests have one cell each; filled in */
    size_t count;
};

/* Progress goes to standard error.  -1 with an error, also if it was interrupted. */
int memory_run(struct memory_run *run, struct error *error);

#endif

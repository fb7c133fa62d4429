/* SPDX-License-Identifier: MIT */
/*
 * results.h: results.json and results.csv, derived from the samples of a run.
 */
#ifndef TOLL_RESULTS_H
#define TOLL_RESULTS_H

#include "admit.h"

/* One number of an admitted cell, or the reason of one that is not (metric is then the lane's main one). */
struct result {
    const struct cell *cell;
    const char *metric, *unit, *better, *evidence;
    double value, lo, hi;
    size_t n;
};

struct results {
    const char *run;
    struct cells cells;
    struct result *items;
    size_t count, room;
    json_t *host; /* borrowed by results_to_json */
};

/* Reads the run's folder.  results_close gives back what is not the arena's. */
int results_load(struct arena *arena, const char *folder, struct results *results, struct error *error);
void results_close(struct results *results);

/* Writes results.json and results.csv into the folder. */
int results_write(struct arena *arena, const char *folder, const struct results *results, struct error *error);

/* The number of a cell, or NULL if the cell is not admitted or has none of that name. */
const struct result *results_find(const struct results *results, const struct cell *cell, const char *metric);

#endif

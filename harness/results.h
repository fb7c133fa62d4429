/* SPDX-License-Identifier: MIT */
/*
 * results.h: results.json and results.csv, derived from the samples of a run.
 */
#ifndef TOLL_RESULTS_H
#define TOLL_RESULTS_H

#include "admit.h"
#include "stats.h"
#include "stop.h"

/* One number of an admitted cell, or the reason of one that is not (metric is then the lane's main one). */
struct result {
    const struct cell *cell;
    const char *metric, *unit, *better, *evidence;
    double value, lo, hi;
    struct stats_interval middle; /* the 95 % interval of value */
    unsigned warnings;            /* of warnings.h, a bit each; only where something was measured more than once */
    size_t n;
    enum stop_cause ended; /* what ended the boots of a cell of the time lane; only of its cycles */
};

struct profile;
struct rates;

struct results {
    const char *run;
    struct cells cells;
    struct result *items;
    size_t count, room;
    struct stop_rule stop;         /* of the time lane; most is 0 if plan.json has none */
    bool sparse;                   /* counts of 0 are left out */
    json_t *host;                  /* borrowed by results_to_json */
    const struct rates *rates;     /* requests a second of real clients (rates.h); NULL: the folder has none */
    const struct profile *profile; /* what the modelled cycles are modelled with; NULL: there are none */
};

/* Reads the run's folder.  results_close gives back what is not the arena's. */
int results_load(struct arena *arena, const char *folder, struct results *results, struct error *error);
void results_close(struct results *results);

/* Makes the numbers of all cells that are in results already. */
void results_fill(struct arena *arena, struct results *results);

/* The numbers of a metric in each sample of a cell, in the order of measuring, per operation where the metric is told
   so.  values has room for cell->sample_count; returns how many there are. */
size_t results_values(const struct cell *cell, const struct metric *metric, double *values);

/* Writes results.json and results.csv into the folder, and rates.json if there are rates. */
int results_write(struct arena *arena, const char *folder, const struct results *results, struct error *error);

/* The number of a cell, or NULL if the cell is not admitted or has none of that name. */
const struct result *results_find(const struct results *results, const struct cell *cell, const char *metric);

#endif

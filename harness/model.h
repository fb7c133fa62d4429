/* SPDX-License-Identifier: MIT */
/*
 * model.h: the cost model: modelled cycles of an operation, from what the exact lane counted and a profile's prices.
 *
 *   cycles_modelled = instructions_arch x cpi + sum over kinds (count x unit cost) + sum over misses (count x penalty)
 *
 * Kinds are crossings, and what an instruction count does not show: REP string instructions (`rep`) and the bytes that
 * they move or look at (`rep_bytes`), for instructions_arch has each of them once.
 *
 * Misses are those of the plugin's model of caches and TLBs, and are left out where it did not run; then page-table
 * loads that drop TLB entries also cost `as_switch_refill`.  What was counted and has no price in the profile is a term
 * without cycles, so that nobody takes its absence for a zero.  The sum is linear: nothing overlaps, as things do in a
 * processor.  The evidence of these numbers is "modelled".
 */
#ifndef TOLL_MODEL_H
#define TOLL_MODEL_H

#include "profile.h"
#include "results.h"

#define MODEL_METRIC "cycles_modelled"
#define MODEL_EVIDENCE "modelled"
#define MODEL_PROFILE_FILE "profile.toml" /* in a run's folder: the profile that its results are modelled with */

#define MODEL_TERMS_MAX 24

struct model_term {
    const char *name; /* of the metric, or of what it stands for */
    double count;     /* per operation */
    bool priced;
    double unit_cycles, cycles; /* per event; per operation */
    const char *source;         /* of the unit's cost; why there is none */
};

struct model_budget {
    struct model_term terms[MODEL_TERMS_MAX]; /* the instructions first; only what was counted */
    size_t count, unpriced;
    double cycles;    /* the sum */
    bool with_misses; /* the model of caches and TLBs ran */
    bool is_measured; /* the time lane measured the same structure, variant and workload on this host */
    double measured_cycles;
};

/* The budget of an admitted cell of the exact lane.  False if it counted no instructions. */
bool model_budget_make(const struct results *results, const struct cell *cell, const struct profile *profile,
                       struct model_budget *budget);

/* Adds a result cycles_modelled to each admitted cell of the exact lane, if the run's folder has a profile. */
int model_results_add(struct arena *arena, const char *folder, struct results *results, struct error *error);

/* The profile and its prices, for results.json; NULL if there is none.  A new reference. */
json_t *model_to_json(const struct results *results);

/* One budget as JSON.  A new reference. */
json_t *model_budget_to_json(const struct model_budget *budget);

/* Modelled cycles of all cells, with measured ones and the remainder where there are both; nothing without a
   profile. */
void model_table_print(struct arena *arena, FILE *out, const struct results *results);

#endif

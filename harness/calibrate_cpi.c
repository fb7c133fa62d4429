/* SPDX-License-Identifier: MIT */
/*
 * calibrate_cpi.c: cycles of an instruction, from a run that has both lanes: what the unikernel's workloads took, less
 * what the profile's prices explain, over the instructions that were counted.  Nothing of them crosses a domain, so
 * little is left to explain but the instructions.
 */
#include "calibrate.h"
#include "model.h"
#include <string.h>

#define STRUCTURE "uni"

/* 0 if the cell cannot tell. */
static double cell_cpi(const struct results *results, const struct cell *cell, const struct profile *profile)
{
    struct model_budget budget;
    double rest;

    if (strcmp(cell->structure, STRUCTURE) != 0 || strcmp(cell->lane, "exact") != 0 ||
        strcmp(cell->status, CELL_OK) != 0 || !model_budget_make(results, cell, profile, &budget) ||
        !budget.is_measured || budget.count == 0)
        return 0;
    rest = budget.measured_cycles - (budget.cycles - budget.terms[0].cycles);
    return rest > 0 ? rest / budget.terms[0].count : 0;
}

void calibrate_cpi(struct arena *arena, const struct results *results, const struct profile *profile,
                   struct calibrate *calibrate)
{
    double *values = arena_alloc(arena, results->cells.count * sizeof(*values) + 1);
    struct calibrate_value what = {.name = "cpi",
                                   .how = arena_print(arena,
                                                      "cycles of the workloads of " STRUCTURE
                                                      " in run %s that the other prices do not explain",
                                                      results->run)};
    size_t n = 0;

    for (size_t i = 0; i < results->cells.count; i++) {
        double cpi = cell_cpi(results, &results->cells.items[i], profile);

        if (cpi > 0)
            values[n++] = cpi;
    }
    if (n > 0)
        calibrate_add(arena, calibrate, what, values, n, 1, 0);
    else
        calibrate_refuse(arena, calibrate, what,
                         arena_print(arena, "run %s has no workload of " STRUCTURE " in both lanes", results->run));
}

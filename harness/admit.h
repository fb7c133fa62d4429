/* SPDX-License-Identifier: MIT */
/*
 * admit.h: groups a run's samples into cells and decides which cells are admitted to a report.
 *
 * A cell is admitted if each of its runs passed its own check, left a clean disk and can be believed (believe.h), if
 * the audit held, if its repetitions did the same, and if output, workload object,
 * arguments, operations and the QEMU options that are not structural are equal in all cells of the same workload and
 * lane.  Any other cell carries the reason, and no number of it may be shown.
 */
#ifndef TOLL_ADMIT_H
#define TOLL_ADMIT_H

#include "plan.h"
#include "store.h"
#include <jansson.h>

#define CELL_OK "ok"
#define CELL_FAIL "fail"         /* a run failed */
#define CELL_SKIP "skip"         /* the structure or the host cannot do it */
#define CELL_REJECTED "rejected" /* the runs went well, but the cell is not admitted */
#define CELL_MISSING "missing"   /* not run yet */

struct cell {
    const char *structure, *workload, *variant, *lane;
    const struct sample **samples;
    size_t sample_count, sample_room;
    const char *status, *reason;
    const char *audit;     /* ok, failed, none */
    double repeats_within; /* per cent, as bench.toml says; 0: it says nothing */
};

struct cells {
    struct cell *items;
    size_t count, room;
};

/* The cells that a plan.json lists, in its order, each with its samples and its verdict. */
int admit_cells(struct arena *arena, const json_t *plan, const struct samples *samples, struct cells *cells,
                struct error *error);

/* The list of cells for plan.json: workload by workload, so that what is compared stands together. */
json_t *admit_cells_to_json(const struct plan *plan);

#endif

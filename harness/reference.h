/* SPDX-License-Identifier: MIT */
/*
 * reference.h: a run's exact counts as text that reads well in a diff: what results/reference holds.
 *
 *      reference.json   what the counts depend on, beside the tree: versions of QEMU, compiler, linker, QEMU's options
 *      STRUCTURE.tsv    a line a count: structure[:variant], workload, operations, metric, count over the whole window
 *
 * Structures that boot a system of their own are left out: they do not change with the tree.  So are counts of 0,
 * and what only names places in the code (entry.*) or repeats the parts domain by domain.
 */
#ifndef TOLL_REFERENCE_H
#define TOLL_REFERENCE_H

#include "results.h"

#define REFERENCE_FILE "reference.json"

/* Whether the folder holds a reference instead of a run. */
bool reference_is(struct arena *arena, const char *folder);

/* Reads a reference as a run with one sample a cell, all of them admitted.  The memory is the arena's; results_close.
 */
int reference_load(struct arena *arena, const char *folder, struct results *results, struct error *error);

/* Writes the exact counts of the admitted cells into the folder, whose .tsv files are replaced. */
int reference_write(struct arena *arena, const char *folder, const struct results *results, struct error *error);

#endif

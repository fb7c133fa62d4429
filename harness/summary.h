/* SPDX-License-Identifier: MIT */
/*
 * summary.h: what came of a run, in a few lines: for each lane how many cells were measured, and what was not, why.
 */
#ifndef TOLL_SUMMARY_H
#define TOLL_SUMMARY_H

#include "results.h"
#include <stdio.h>

struct summary {
    size_t measured, failed, rejected, skipped, missing;
};

/* Prints the lines and counts the cells of all lanes. */
struct summary summary_print(struct arena *arena, FILE *out, const struct results *results);

/* Whether no cell of the lane was run, all for one reason: then that reason, else NULL. */
const char *summary_skip_reason(const struct results *results, const char *lane);

#endif

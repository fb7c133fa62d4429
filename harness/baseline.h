/* SPDX-License-Identifier: MIT */
/*
 * baseline.h: runs that are kept under a name, in results/baselines/NAME, to compare later ones with.
 */
#ifndef TOLL_BASELINE_H
#define TOLL_BASELINE_H

#include "results.h"

/* Why a run makes a bad baseline, a line each: cells that failed, are not admitted or were not run; measured numbers
   with a warning.  None: it is good. */
struct strings baseline_doubts(struct arena *arena, const struct results *results);

/* Copies the run's files, all or nothing, to the baseline of that name, which must not exist unless replace is set. */
int baseline_save(struct arena *arena, const char *name, const char *folder, bool replace, struct error *error);

#endif

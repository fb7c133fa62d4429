/* SPDX-License-Identifier: MIT */
/*
 * build.h: asks make for the files that a plan needs.
 */
#ifndef TOLL_BUILD_H
#define TOLL_BUILD_H

#include "plan.h"

/* Builds everything that the plan's guests boot from, the plugin, the disk and, for the time lane, the probe.
   Output of make is part of the error; with verbose it goes to standard error at once. */
int build_plan(struct arena *arena, const struct plan *plan, int cancel, bool verbose, struct error *error);

/* Builds the named files; a word NAME=VALUE among them is a variable for make. */
int build_files(struct arena *arena, const struct strings *files, int cancel, bool verbose, struct error *error);

/* The files that the plan needs, each once; and whether one of them is not there at all. */
struct strings build_list(struct arena *arena, const struct plan *plan);
bool build_misses(struct arena *arena, const struct plan *plan);

#endif

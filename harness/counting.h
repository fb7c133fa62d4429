/* SPDX-License-Identifier: MIT */
/*
 * counting.h: what the guests' own counters cost, as text for a terminal.
 */
#ifndef TOLL_COUNTING_H
#define TOLL_COUNTING_H

#include "results.h"
#include <stdio.h>

/* A line for each workload that was run with and without books (CONFIG_BOOKLESS): instructions of the exact lane, and
   cycles of the time lane with the 95 % interval of their difference.  Then a line a structure: of its admitted cells
   of the exact lane the one in which instructions that keep its counters are the largest share.  Nothing where nothing
   is known. */
void counting_print(struct arena *arena, FILE *out, const struct results *results);

#endif

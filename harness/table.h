/* SPDX-License-Identifier: MIT */
/*
 * table.h: results as text for a terminal.
 */
#ifndef TOLL_TABLE_H
#define TOLL_TABLE_H

#include "results.h"
#include <stdio.h>

/* The whole run: a block a workload, a line a structure; what is not admitted shows its reason and no number. */
void table_print(struct arena *arena, FILE *out, const struct results *results);

/* A number with commas between thousands, and decimals where they say something. */
char *table_number(struct arena *arena, double value);

#endif

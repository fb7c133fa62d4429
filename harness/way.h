/* SPDX-License-Identifier: MIT */
/*
 * way.h: the way of one operation through the domains, as text for a terminal.
 */
#ifndef TOLL_WAY_H
#define TOLL_WAY_H

#include "results.h"
#include <stdio.h>

/* One read of what is in memory, a line a structure: where it was, how many instructions it took there, and what it
   crossed.  Nothing, if the run knows no such way. */
void way_print(struct arena *arena, FILE *out, const struct results *results);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * warnings.h: what may be wrong with repeated measurements of one thing, and what to do about it.
 */
#ifndef TOLL_WARNINGS_H
#define TOLL_WARNINGS_H

#include "stats.h"

#define WARNINGS_COUNT 6

struct warning {
    const char *name;   /* as results.json has it */
    const char *text;   /* what was found */
    const char *advice; /* what to do */
};

/* The table; index below WARNINGS_COUNT. */
const struct warning *warnings_get(unsigned index);

/* Bit i is set if warning i applies to the values, which are in the order of their measuring; middle is the interval of
   their median. */
unsigned warnings_find(const double *in_order, size_t count, struct stats_interval middle);

#endif

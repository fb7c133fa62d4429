/* SPDX-License-Identifier: MIT */
/*
 * alarms.h: a report's own rate of false alarms, by A/A tests: numbers of one image compared with numbers of the same
 * image, by the test that `toll compare` uses.  Whatever differs there differs by chance or by the host.
 */
#ifndef TOLL_ALARMS_H
#define TOLL_ALARMS_H

#include "results.h"

struct alarms {
    size_t tests, alarms;
    double share; /* alarms per test */
    double limit; /* the share is at most this, 95 % sure */
    bool twins;   /* cells were compared with their twins; else each cell's odd with its even repetitions */
};

/* Over the measured numbers of all cells of the time lane.  tests is 0 if there are none, or too few repetitions. */
struct alarms alarms_of(struct arena *arena, const struct results *results);

#endif

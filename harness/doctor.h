/* SPDX-License-Identifier: MIT */
/*
 * doctor.h: judges facts: what each means for the measurement, and what could be done about it.
 */
#ifndef TOLL_DOCTOR_H
#define TOLL_DOCTOR_H

#include "facts.h"
#include <stddef.h>

enum finding_state {
    FINDING_OK,
    FINDING_NOTE,   /* numbers are worse, or some are missing */
    FINDING_MISSING /* a lane cannot run */
};

struct finding {
    const char *name; /* one word */
    enum finding_state state;
    const char *text;   /* what was found, in plain words */
    const char *remedy; /* "" where there is nothing to do */
};

/* One finding for each entry of the table, in its order; *count of them. */
const struct finding *doctor_judge(struct arena *arena, const struct facts *facts, size_t *count);

/* "ok", "note", "missing" */
const char *doctor_state_name(enum finding_state state);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * calibrate_value.c: from the cycles of rounds to a unit cost.
 */
#include "calibrate.h"
#include <math.h>
#include <string.h>

static void value_add(struct arena *arena, struct calibrate *calibrate, const struct calibrate_value *value)
{
    calibrate->values =
        arena_grow(arena, calibrate->values, calibrate->count, &calibrate->room, sizeof(*calibrate->values));
    calibrate->values[calibrate->count++] = *value;
}

const struct calibrate_value *calibrate_find(const struct calibrate *calibrate, const char *name, bool native)
{
    for (size_t i = 0; i < calibrate->count; i++) {
        const struct calibrate_value *value = &calibrate->values[i];

        if (value->native == native && !value->reason && strcmp(value->name, name) == 0)
            return value;
    }
    return NULL;
}

void calibrate_add(struct arena *arena, struct calibrate *calibrate, struct calibrate_value what, double *values,
                   size_t n, double times, double empty)
{
    struct stats stats;

    for (size_t i = 0; i < n; i++)
        values[i] = values[i] / times - empty;
    stats = stats_of(values, n);
    what.reason = NULL;
    what.cycles = fmax(stats.median, 0);
    what.lo = fmax(stats.middle.lo, 0);
    what.hi = fmax(stats.middle.hi, 0);
    what.n = n;
    value_add(arena, calibrate, &what);
}

void calibrate_refuse(struct arena *arena, struct calibrate *calibrate, struct calibrate_value what, const char *reason)
{
    what.reason = reason;
    value_add(arena, calibrate, &what);
}

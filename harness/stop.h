/* SPDX-License-Identifier: MIT */
/*
 * stop.h: when the time lane has booted a cell often enough.
 *
 * All cells are booted in rounds, each round in an order of its own.  After `least` rounds a cell is done as soon as
 * half the 95 % interval of its median cycles is within `precision` of that median; after `most` in any case.  Once the
 * budget is spent no further round begins.  Looking after each round makes the stated intervals slightly too narrow:
 * a cell stops when chance makes it look precise.
 */
#ifndef TOLL_STOP_H
#define TOLL_STOP_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct stop_rule {
    uint32_t least, most;
    double precision; /* a share: 0.01 is 1 % */
    int64_t budget_ms;
};

enum stop_cause {
    STOP_NOT,     /* go on */
    STOP_PRECISE, /* the interval is tight enough */
    STOP_LIMIT,   /* all repetitions were booted */
    STOP_BUDGET   /* the time was spent */
};

/* From the cycles per operation of one cell so far; sorts them.  budget_spent: whether the lane's time is over. */
enum stop_cause stop_judge(const struct stop_rule *rule, double *values, size_t count, int budget_spent);

/* Half the interval as a share of the median; 1 where it cannot be told. */
double stop_precision(double *values, size_t count);

/* "precise", "limit", "budget"; "" for STOP_NOT. */
const char *stop_cause_name(enum stop_cause cause);

/* For plan.json and back; the second leaves most at 0 if there is none.  It returns NULL, or the key that is wrong. */
json_t *stop_to_json(const struct stop_rule *rule);
const char *stop_from_json(const json_t *json, struct stop_rule *rule);

#endif

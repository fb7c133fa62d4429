/* SPDX-License-Identifier: MIT */
/*
 * compare.h: two runs, cell by cell and metric by metric: what became worse, by how much, how sure that is, and in
 * which part.
 *
 * Exact counts are compared exactly, except in windows into which interrupts fell: there half a percent, or two events
 * a window, may come of when they fell; or as much more as `repeats_within` of the workload's stanza says. Instructions
 * are then looked at part by part, for half a percent of all may be much of one.  Measured values are compared by the
 * Hodges-Lehmann shift and its interval and by the permutation test, whose p-values are corrected for how many cells
 * are tested (Holm).  Modelled values are made of counts that are compared themselves, so they are not.
 */
#ifndef TOLL_COMPARE_H
#define TOLL_COMPARE_H

#include "results.h"

/* How much worse a value may become.  With several gates, a value must be beyond all that concern its unit. */
struct compare_gate {
    double amount;
    const char
        *unit; /* "%": of the first run's value; "": of any unit; else of metrics whose unit begins so: "cycles" */
};

struct compare_options {
    struct compare_gate *gates;
    size_t gate_count;
    bool anyway;          /* also compare what is not comparable */
    struct strings *only; /* patterns as of toll run --only; none: all cells */
};

enum compare_verdict {
    COMPARE_SAME,
    COMPARE_BETTER,
    COMPARE_WORSE,   /* a regression */
    COMPARE_UNCLEAR, /* measured: the interval reaches across the gate */
    COMPARE_LOST,    /* the second run failed or is not admitted: a regression too */
    COMPARE_OTHER,   /* the cells did different work */
};

/* One metric of one cell; for COMPARE_LOST and COMPARE_OTHER only the cells and a reason. */
struct compare_line {
    const struct cell *a, *b;
    const struct result *before, *after; /* NULL where a run has no such number: it is 0 then */
    const char *metric, *unit;
    double from, to;             /* medians */
    double shift;                /* exact: to - from; measured: Hodges and Lehmann's */
    struct stats_interval range; /* of the shift */
    double p;                    /* measured: corrected; exact: 0 or 1 */
    double allowed;              /* by the gates, or by interrupts in the window */
    bool measured;
    enum compare_verdict verdict;
    const char *reason;
    const char *parts; /* which parts changed, and by how much; "" if unknown */
};

/* A part, over all cells in which its instructions grew. */
struct compare_part {
    const char *name;
    double grown; /* instructions per operation, summed over cells */
    size_t cells;
};

struct comparison {
    struct compare_line *lines;
    size_t count, room;
    struct compare_part *parts; /* most grown first */
    size_t part_count, part_room;
    struct strings differences;    /* why the runs are not comparable; none: they are */
    size_t cells, exact, measured; /* compared: cells, numbers of each kind */
    size_t only_before, only_after;
};

enum compare_role {
    COMPARE_GATED, /* decides */
    COMPARE_PART,  /* tells which part it was */
    COMPARE_DETAIL /* neither: told twice, or not a cost */
};

enum compare_role compare_role(const char *metric);

/* Loads a run, a baseline or a reference by its name or folder.  results_close. */
int compare_load(struct arena *arena, const char *name, struct results *results, struct error *error);

/* Fills differences with what the two runs do not share: schema, QEMU, its options, compiler, linker; for
   the time lane processor, kernel and the like as well. */
void compare_facts(struct arena *arena, const struct results *before, const struct results *after,
                   struct comparison *comparison);

/* Compares all cells that both have.  -1 if a gate names a unit that no metric has. */
int compare_runs(struct arena *arena, const struct results *before, const struct results *after,
                 const struct compare_options *options, struct comparison *comparison, struct error *error);

size_t compare_count(const struct comparison *comparison, enum compare_verdict verdict);

#endif

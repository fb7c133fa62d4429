/* SPDX-License-Identifier: MIT */
/*
 * compare_verdict.h: judging one line of a comparison, whose cells, metric, unit, from and to are set.
 */
#ifndef TOLL_COMPARE_VERDICT_H
#define TOLL_COMPARE_VERDICT_H

#include "compare.h"

/* What the place of interrupts in a window may change: so much of a count, or so many events. */
#define VERDICT_INTERRUPTED_SHARE 0.005
#define VERDICT_INTERRUPTED_EVENTS 2 /* as [audit] edge_interrupts */

/* How much worse the line may be: the largest of the gates that concern its unit, because a regression is beyond all.
 */
double verdict_allowed(const struct compare_options *options, const struct compare_line *line);

/* As much of a count as the two runs' bench.toml lets it differ; 0: they say nothing. */
double verdict_repeats_within(const struct compare_line *line);

/* Sets shift and verdict of a count; interrupted: in one of the windows there were interrupts. */
void verdict_exact(struct compare_line *line, bool interrupted, bool lower_is_better);

/* Sets shift, range and the p-value of this test alone for a measured number. */
void verdict_weigh(struct arena *arena, struct compare_line *line);

/* Sets its verdict, once p is corrected for the number of tests. */
void verdict_measured(struct compare_line *line, bool gated);

/* -1 if a gate concerns no line. */
int verdict_gates_check(struct arena *arena, const struct comparison *comparison, const struct compare_options *options,
                        struct error *error);

#endif

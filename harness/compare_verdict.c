/* SPDX-License-Identifier: MIT */
/*
 * compare_verdict.c: when a difference is a regression.
 */
#include "compare_verdict.h"
#include "stats_test.h"
#include <math.h>
#include <string.h>

#define ROUNDING 1e-9 /* of a value that went through text */

static bool gate_concerns(const struct compare_gate *gate, const char *unit)
{
    size_t length = strlen(gate->unit);

    return strcmp(gate->unit, "%") == 0 || length == 0 ||
           (strncmp(gate->unit, unit, length) == 0 && (unit[length] == '/' || !unit[length]));
}

/* The largest of the gates, because a regression is beyond all of them. */
double verdict_allowed(const struct compare_options *options, const struct compare_line *line)
{
    double allowed = 0;

    for (size_t i = 0; i < options->gate_count; i++) {
        const struct compare_gate *gate = &options->gates[i];

        if (gate_concerns(gate, line->unit))
            allowed =
                fmax(allowed, strcmp(gate->unit, "%") == 0 ? gate->amount / 100 * fabs(line->from) : gate->amount);
    }
    return allowed;
}

double verdict_repeats_within(const struct compare_line *line)
{
    return fmax(line->a->repeats_within, line->b->repeats_within) / 100 * fabs(line->from);
}

void verdict_exact(struct compare_line *line, bool interrupted, bool lower_is_better)
{
    double change = line->to - line->from, worse = lower_is_better ? change : -change, noise;

    noise = ROUNDING * fmax(fabs(line->from), fabs(line->to));
    if (interrupted)
        noise = fmax(VERDICT_INTERRUPTED_SHARE * fabs(line->from),
                     (double)VERDICT_INTERRUPTED_EVENTS / (double)line->b->samples[0]->ops);
    noise = fmax(noise, verdict_repeats_within(line));
    line->shift = change;
    line->range = (struct stats_interval){change, change};
    line->p = fabs(change) <= noise;
    if (worse > fmax(noise, line->allowed * (1 + ROUNDING)))
        line->verdict = COMPARE_WORSE;
    else if (-worse > noise)
        line->verdict = COMPARE_BETTER;
}

void verdict_weigh(struct arena *arena, struct compare_line *line)
{
    const struct metric metric = {line->metric, NULL, 0};
    double *a = arena_alloc(arena, line->a->sample_count * sizeof(*a));
    double *b = arena_alloc(arena, line->b->sample_count * sizeof(*b));
    size_t n = results_values(line->a, &metric, a), m = results_values(line->b, &metric, b);
    struct stats_shift shift = stats_shift(a, n, b, m);

    line->measured = true;
    line->shift = shift.shift;
    line->range = shift.range;
    line->p = stats_permutation(a, n, b, m, STATS_SEED).p;
    if (!shift.bounded)
        line->reason = "too few values for an interval of 95 %";
}

/* After the p-values are corrected. */
void verdict_measured(struct compare_line *line, bool gated)
{
    bool lower = strcmp(line->before->better, "lower") == 0, bounded = !*line->reason, sure = line->p < STATS_ALPHA;
    double least = lower ? line->range.lo : -line->range.hi, most = lower ? line->range.hi : -line->range.lo;

    if (bounded && sure && least > line->allowed)
        line->verdict = COMPARE_WORSE;
    else if (bounded && sure && most < 0)
        line->verdict = COMPARE_BETTER;
    else if (gated ? most > line->allowed : least > 0 || !bounded)
        line->verdict = line->from == line->to && least == most ? COMPARE_SAME : COMPARE_UNCLEAR;
}

/* A gate in a unit that nothing is told in would let everything pass unseen. */
int verdict_gates_check(struct arena *arena, const struct comparison *comparison, const struct compare_options *options,
                        struct error *error)
{
    for (size_t g = 0; g < options->gate_count; g++) {
        struct strings units = {0};
        bool concerns = comparison->count == 0;

        for (size_t i = 0; i < comparison->count; i++) {
            const char *unit = comparison->lines[i].unit;
            bool known = !*unit;

            concerns |= *unit && gate_concerns(&options->gates[g], unit);
            for (size_t k = 0; k < units.count && !known; k++)
                known = strcmp(units.items[k], unit) == 0;
            if (!known)
                strings_add(arena, &units, unit);
        }
        if (!concerns)
            return error_set(error, TOLL_USAGE, "--gate %g%s: nothing here is told in that unit; there are: %s",
                             options->gates[g].amount, options->gates[g].unit, strings_join(arena, &units, ", "));
    }
    return 0;
}

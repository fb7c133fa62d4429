/* SPDX-License-Identifier: MIT */
/*
 * compare.c: matches cells and metrics; compare_verdict.c judges each pair.
 */
#include "compare.h"
#include "compare_parts.h"
#include "compare_verdict.h"
#include "stats_test.h"
#include <fnmatch.h>
#include <math.h>
#include <string.h>

/* The first that fits decides; a name that ends in * stands for all that begin so. */
static const struct {
    const char *pattern;
    enum compare_role role;
} roles[] = {
    {"instructions", COMPARE_GATED},
    {"instructions_arch", COMPARE_GATED},
    {"instructions.*", COMPARE_PART},
    {"instructions_*", COMPARE_DETAIL},
    {"boot_instructions_arch", COMPARE_DETAIL},
    {"rep", COMPARE_DETAIL}, /* a copy that grows is gated as instructions */
    {"rep_bytes", COMPARE_DETAIL},
    {"image_bytes", COMPARE_DETAIL}, /* grows with any text, in whole pages */
    {"miss.*.*", COMPARE_DETAIL},
    {"miss.*", COMPARE_GATED},
    {"*.*", COMPARE_DETAIL},
    {"*", COMPARE_GATED},
};

enum compare_role compare_role(const char *metric)
{
    size_t i = 0;

    while (fnmatch(roles[i].pattern, metric, 0) != 0)
        i++;
    return roles[i].role;
}

static bool is_alike(const struct cell *a, const struct cell *b)
{
    return strcmp(a->structure, b->structure) == 0 && strcmp(a->workload, b->workload) == 0 &&
           strcmp(a->variant, b->variant) == 0 && strcmp(a->lane, b->lane) == 0;
}

static const struct cell *cell_find(const struct results *results, const struct cell *like)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        if (is_alike(&results->cells.items[i], like))
            return &results->cells.items[i];
    }
    return NULL;
}

static bool is_chosen(struct arena *arena, const struct compare_options *options, const struct cell *cell)
{
    const char *plain = arena_print(arena, "%s/%s", cell->structure, cell->workload);
    const char *full = arena_print(arena, "%s:%s/%s", cell->structure, cell->variant, cell->workload);

    for (size_t i = 0; options->only && i < options->only->count; i++) {
        const char *pattern = options->only->items[i];

        if (fnmatch(pattern, strchr(pattern, ':') ? full : plain, 0) == 0)
            return true;
    }
    return !options->only || options->only->count == 0;
}

static struct compare_line *line_add(struct arena *arena, struct comparison *comparison, const struct cell *a,
                                     const struct cell *b)
{
    struct compare_line *line;

    comparison->lines =
        arena_grow(arena, comparison->lines, comparison->count, &comparison->room, sizeof(*comparison->lines));
    line = &comparison->lines[comparison->count++];
    *line = (struct compare_line){.a = a, .b = b, .metric = "", .unit = "", .reason = "", .parts = ""};
    return line;
}

/* In the window of the run that had more of them. */
static double interrupts_of(const struct compare_line *line, const struct results *before, const struct results *after)
{
    const struct result *a = results_find(before, line->a, "interrupt"), *b = results_find(after, line->b, "interrupt");

    return fmax(a ? a->value : 0, b ? b->value : 0) * (double)line->b->samples[0]->ops;
}

/* What is too little of the whole to tell it from the place of an interrupt may be much of a part. */
static void exact_judge(struct arena *arena, const struct results *before, const struct results *after,
                        const struct result *like, struct compare_line *line)
{
    double interrupts = interrupts_of(line, before, after);
    bool lower = strcmp(like->better, "lower") == 0;

    /* Linux's boot takes interrupts, which no window has counted. */
    bool boot = strcmp(line->metric, "boot_instructions") == 0 && strcmp(line->b->structure, "linux") == 0;

    verdict_exact(line, interrupts > 0 || boot, lower);
    if (line->verdict == COMPARE_SAME && interrupts > 0 && fabs(line->shift) > line->allowed &&
        compare_parts_changed(arena, before, after, line, interrupts))
        line->verdict = (line->shift > 0) == lower ? COMPARE_WORSE : COMPARE_BETTER;
}

/* Misses under models of different sizes are different things. */
static bool is_modelled_alike(const struct cell *a, const struct cell *b, const char *metric)
{
    const char *x = a->samples[0]->model, *y = b->samples[0]->model;

    return strncmp(metric, "miss.", 5) != 0 || strcmp(x ? x : "", y ? y : "") == 0;
}

/* Whether a count that a run does not have is 0, and not one that is only made on request. */
static bool is_zero(const struct results *results, const char *metric)
{
    return results->sparse && strncmp(metric, "miss.", 5) != 0 && strcmp(metric, "mmio") != 0;
}

static void metric_compare(struct arena *arena, const struct results *before, const struct results *after,
                           const struct cell *a, const struct cell *b, const struct result *like,
                           const struct compare_options *options, struct comparison *comparison)
{
    const struct result *x = results_find(before, a, like->metric), *y = results_find(after, b, like->metric);
    struct compare_line *line;

    if (compare_role(like->metric) != COMPARE_GATED || strcmp(like->evidence, "modelled") == 0 ||
        strstr(like->unit, "/run") || !is_modelled_alike(a, b, like->metric) ||
        (!x && !is_zero(before, like->metric)) || (!y && !is_zero(after, like->metric)))
        return;
    line = line_add(arena, comparison, a, b);
    line->before = x;
    line->after = y;
    line->metric = like->metric;
    line->unit = like->unit;
    line->from = x ? x->value : 0;
    line->to = y ? y->value : 0;
    line->allowed = verdict_allowed(options, line);
    if (strcmp(like->evidence, "exact") == 0)
        exact_judge(arena, before, after, like, line);
    else
        verdict_weigh(arena, line);
    *(line->measured ? &comparison->measured : &comparison->exact) += 1;
    if (!line->measured && (line->verdict == COMPARE_WORSE || line->verdict == COMPARE_BETTER))
        line->parts = compare_parts_text(arena, before, after, line);
}

static void metrics_compare(struct arena *arena, const struct results *before, const struct results *after,
                            const struct cell *a, const struct cell *b, const struct compare_options *options,
                            struct comparison *comparison)
{
    comparison->cells++;
    for (size_t i = 0; i < before->count; i++) {
        if (before->items[i].cell == a)
            metric_compare(arena, before, after, a, b, &before->items[i], options, comparison);
    }
    for (size_t i = 0; i < after->count; i++) {
        if (after->items[i].cell == b && !results_find(before, a, after->items[i].metric))
            metric_compare(arena, before, after, a, b, &after->items[i], options, comparison);
    }
}

/* Why the samples of two admitted cells are not of the same work, or NULL; what one does not tell is not asked. */
static const char *work_differs(const struct cell *a, const struct cell *b)
{
    const struct sample *x = a->samples[0], *y = b->samples[0];

    if (x->ops != y->ops)
        return "the numbers of operations differ";
    if (*x->words && *y->words && strcmp(x->words, y->words) != 0)
        return "the workload's arguments differ";
    if (*x->workload_sha256 && *y->workload_sha256 && strcmp(x->workload_sha256, y->workload_sha256) != 0)
        return "the workload's object differs";
    if (*x->output_sha256 && *y->output_sha256 && strcmp(x->output_sha256, y->output_sha256) != 0)
        return "the workload's output differs";
    return NULL;
}

/* A cell that was run and has no number.  That the time lane skips it is the host's doing. */
static bool is_lost(const struct cell *cell)
{
    return strcmp(cell->status, CELL_FAIL) == 0 || strcmp(cell->status, CELL_REJECTED) == 0 ||
           (strcmp(cell->status, CELL_SKIP) == 0 && strcmp(cell->lane, "exact") == 0);
}

static void cell_compare(struct arena *arena, const struct results *before, const struct results *after,
                         const struct cell *a, const struct compare_options *options, struct comparison *comparison)
{
    const struct cell *b = cell_find(after, a);
    bool was = strcmp(a->status, CELL_OK) == 0, is = b && strcmp(b->status, CELL_OK) == 0;
    const char *reason = was && is && !options->anyway ? work_differs(a, b) : NULL;
    struct compare_line *line;

    if (was && is && !reason) {
        metrics_compare(arena, before, after, a, b, options, comparison);
    } else if (was && b && is_lost(b)) {
        line = line_add(arena, comparison, a, b);
        line->verdict = COMPARE_LOST;
        line->reason = arena_print(arena, "%s: %s", b->status, b->reason);
    } else if (reason) {
        line = line_add(arena, comparison, a, b);
        line->verdict = COMPARE_OTHER;
        line->reason = reason;
    } else if (was) {
        comparison->only_before++;
    }
}

static void measured_settle(struct arena *arena, const struct results *before, const struct results *after,
                            const struct compare_options *options, struct comparison *comparison)
{
    double *p = arena_alloc(arena, (comparison->count + 1) * sizeof(*p));
    size_t tests = 0, next = 0;

    for (size_t i = 0; i < comparison->count; i++) {
        if (comparison->lines[i].measured)
            p[tests++] = comparison->lines[i].p;
    }
    stats_holm(p, tests);
    for (size_t i = 0; i < comparison->count; i++) {
        struct compare_line *line = &comparison->lines[i];

        if (!line->measured)
            continue;
        line->p = p[next++];
        verdict_measured(line, options->gate_count > 0);
        if (line->verdict == COMPARE_WORSE || line->verdict == COMPARE_BETTER)
            line->parts = compare_parts_text(arena, before, after, line);
    }
}

int compare_runs(struct arena *arena, const struct results *before, const struct results *after,
                 const struct compare_options *options, struct comparison *comparison, struct error *error)
{
    for (size_t i = 0; i < before->cells.count; i++) {
        if (is_chosen(arena, options, &before->cells.items[i]))
            cell_compare(arena, before, after, &before->cells.items[i], options, comparison);
    }
    for (size_t i = 0; i < after->cells.count; i++) {
        const struct cell *b = &after->cells.items[i], *a = cell_find(before, b);

        comparison->only_after +=
            strcmp(b->status, CELL_OK) == 0 && is_chosen(arena, options, b) && (!a || strcmp(a->status, CELL_OK) != 0);
    }
    measured_settle(arena, before, after, options, comparison);
    compare_parts_sum(arena, before, after, comparison);
    return verdict_gates_check(arena, comparison, options, error);
}

size_t compare_count(const struct comparison *comparison, enum compare_verdict verdict)
{
    size_t count = 0;

    for (size_t i = 0; i < comparison->count; i++)
        count += comparison->lines[i].verdict == verdict;
    return count;
}

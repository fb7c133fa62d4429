/* SPDX-License-Identifier: MIT */
/*
 * compare_parts.c: the differences of METRIC.PART between two cells.
 */
#include "compare_parts.h"
#include "compare_verdict.h"
#include "table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_SHOWN 4
#define ROUNDING 1e-9
#define INTERRUPT_MOST 500 /* instructions of one part for one interrupt; fewer where it has fewer for each */

struct delta {
    const char *part;
    double from, to;
};

struct deltas {
    struct delta *items;
    size_t count, room;
};

static int delta_compare(const void *a, const void *b)
{
    const struct delta *x = a, *y = b;
    double dx = fabs(x->to - x->from), dy = fabs(y->to - y->from);

    return (dx < dy) - (dx > dy);
}

/* The cell whose counts by part belong to a line: its own, or that of the exact lane. */
static const struct cell *counted(const struct results *results, const struct cell *cell)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *other = &results->cells.items[i];

        if (strcmp(other->lane, "exact") == 0 && strcmp(other->status, CELL_OK) == 0 &&
            strcmp(other->structure, cell->structure) == 0 && strcmp(other->workload, cell->workload) == 0 &&
            strcmp(other->variant, cell->variant) == 0)
            return other;
    }
    return cell;
}

static void delta_add(struct arena *arena, struct deltas *deltas, const char *part, const struct result *x,
                      const struct result *y)
{
    double from = x ? x->value : 0, to = y ? y->value : 0;

    if (fabs(to - from) <= ROUNDING * fmax(from, to))
        return;
    deltas->items = arena_grow(arena, deltas->items, deltas->count, &deltas->room, sizeof(*deltas->items));
    deltas->items[deltas->count++] = (struct delta){part, from, to};
}

/* Those of names METRIC.PART that differ, most first; false if a run tells nothing by part. */
static bool deltas_find(struct arena *arena, const struct results *before, const struct results *after,
                        const struct compare_line *line, struct deltas *deltas)
{
    const char *prefix = arena_print(arena, "%s.", line->measured ? "instructions" : line->metric);
    const struct cell *a = counted(before, line->a), *b = counted(after, line->b);
    size_t length = strlen(prefix), known[2] = {0};

    *deltas = (struct deltas){0};
    for (size_t i = 0; i < before->count; i++) {
        const struct result *x = &before->items[i];

        if (x->cell != a || strncmp(x->metric, prefix, length) != 0)
            continue;
        known[0]++;
        delta_add(arena, deltas, x->metric + length, x, results_find(after, b, x->metric));
    }
    for (size_t i = 0; i < after->count; i++) {
        const struct result *y = &after->items[i];

        if (y->cell != b || strncmp(y->metric, prefix, length) != 0)
            continue;
        known[1]++;
        if (!results_find(before, a, y->metric))
            delta_add(arena, deltas, y->metric + length, NULL, y);
    }
    if (deltas->count)
        qsort(deltas->items, deltas->count, sizeof(*deltas->items), delta_compare);
    return known[0] && known[1];
}

const char *compare_parts_text(struct arena *arena, const struct results *before, const struct results *after,
                               const struct compare_line *line)
{
    struct strings words = {0};
    struct deltas deltas;

    if (!deltas_find(arena, before, after, line, &deltas))
        return "";
    for (size_t i = 0; i < deltas.count && i < PARTS_SHOWN; i++) {
        const struct delta *delta = &deltas.items[i];

        strings_print(arena, &words, "%s %s%s (%s -> %s)", delta->part, delta->to > delta->from ? "+" : "",
                      table_number(arena, delta->to - delta->from), table_number(arena, delta->from),
                      table_number(arena, delta->to));
    }
    return words.count ? strings_join(arena, &words, ", ") : "";
}

bool compare_parts_changed(struct arena *arena, const struct results *before, const struct results *after,
                           const struct compare_line *line, double interrupts)
{
    double ops = (double)line->b->samples[0]->ops;
    struct deltas deltas;

    if (!deltas_find(arena, before, after, line, &deltas))
        return false;
    for (size_t i = 0; i < deltas.count; i++) {
        const struct delta *delta = &deltas.items[i];
        double each = fmin(fmax(delta->from, delta->to) * ops / interrupts, INTERRUPT_MOST);
        double noise = fmax(VERDICT_INTERRUPTED_SHARE * delta->from, VERDICT_INTERRUPTED_EVENTS * each / ops);
        double change = delta->to - delta->from;

        noise = fmax(noise, verdict_repeats_within(line));
        if ((change > 0) == (line->shift > 0) && fabs(change) > noise * (1 + ROUNDING))
            return true;
    }
    return false;
}

static struct compare_part *part_of(struct arena *arena, struct comparison *comparison, const char *name)
{
    for (size_t i = 0; i < comparison->part_count; i++) {
        if (strcmp(comparison->parts[i].name, name) == 0)
            return &comparison->parts[i];
    }
    comparison->parts = arena_grow(arena, comparison->parts, comparison->part_count, &comparison->part_room,
                                   sizeof(*comparison->parts));
    comparison->parts[comparison->part_count] = (struct compare_part){.name = name};
    return &comparison->parts[comparison->part_count++];
}

static int part_compare(const void *a, const void *b)
{
    const struct compare_part *x = a, *y = b;

    return (x->grown < y->grown) - (x->grown > y->grown);
}

void compare_parts_sum(struct arena *arena, const struct results *before, const struct results *after,
                       struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compare_line *line = &comparison->lines[i];
        struct deltas deltas;

        if (line->verdict != COMPARE_WORSE || (strcmp(line->metric, "instructions") != 0 && !line->measured) ||
            !deltas_find(arena, before, after, line, &deltas))
            continue;
        for (size_t d = 0; d < deltas.count; d++) {
            struct compare_part *part;

            if (deltas.items[d].to <= deltas.items[d].from)
                continue;
            part = part_of(arena, comparison, deltas.items[d].part);
            part->grown += deltas.items[d].to - deltas.items[d].from;
            part->cells++;
        }
    }
    if (comparison->part_count)
        qsort(comparison->parts, comparison->part_count, sizeof(*comparison->parts), part_compare);
}

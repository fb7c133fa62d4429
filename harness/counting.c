/* SPDX-License-Identifier: MIT */
/*
 * counting.c: what counting costs, twice: the difference to images that keep no books, and the metric `counting` beside
 * all instructions.  All of these count a repeated instruction once: an instruction that keeps a counter is never
 * repeated.
 */
#include "counting.h"
#include "stats_test.h"
#include "table.h"
#include <string.h>

struct share {
    const struct cell *cell;
    double counting, all;
};

static struct share share_of(const struct results *results, const struct cell *cell)
{
    const struct result *counting = results_find(results, cell, "counting");
    const struct result *all = results_find(results, cell, "instructions_arch");

    if (!counting || !all || all->value <= 0 || strcmp(cell->lane, "exact") != 0 ||
        strcmp(cell->variant, CONFIG_BOOKLESS) == 0)
        return (struct share){0};
    return (struct share){cell, counting->value, all->value};
}

static bool is_same_system(const struct cell *a, const struct cell *b)
{
    return strcmp(a->structure, b->structure) == 0 && strcmp(a->variant, b->variant) == 0;
}

/* The largest share among the cells of the system that cell belongs to; without a cell if cell is not its first. */
static struct share largest_of(const struct results *results, const struct cell *cell)
{
    struct share largest = {0};

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *other = &results->cells.items[i];
        struct share share;

        if (!is_same_system(other, cell))
            continue;
        if (other < cell)
            return (struct share){0};
        share = share_of(results, other);
        if (share.cell && (!largest.cell || share.counting / share.all > largest.counting / largest.all))
            largest = share;
    }
    return largest;
}

/* The cell of the same structure, workload and lane whose image keeps books, if cell's does not and both are admitted.
 */
static const struct cell *booked_find(const struct results *results, const struct cell *cell)
{
    if (strcmp(cell->variant, CONFIG_BOOKLESS) != 0 || strcmp(cell->status, CELL_OK) != 0)
        return NULL;
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *other = &results->cells.items[i];

        if (strcmp(other->variant, "default") == 0 && strcmp(other->status, CELL_OK) == 0 &&
            strcmp(other->structure, cell->structure) == 0 && strcmp(other->workload, cell->workload) == 0 &&
            strcmp(other->lane, cell->lane) == 0)
            return other;
    }
    return NULL;
}

static char *share_text(struct arena *arena, double part, double whole)
{
    return arena_print(arena, "%.2f %%", whole > 0 ? 100 * part / whole : 0);
}

/* Exact: the difference is what it is. */
static bool exact_print(struct arena *arena, FILE *out, const struct results *results, const struct cell *with,
                        const struct cell *without, bool started)
{
    const struct result *a = results_find(results, with, "instructions_arch");
    const struct result *b = results_find(results, without, "instructions_arch");
    const struct result *counting = results_find(results, with, "counting");

    if (!a || !b || strcmp(with->lane, "exact") != 0)
        return false;
    if (!started)
        fprintf(
            out,
            "\nwhat counting costs: instructions per operation, a repeated one once, of images with the kernel's own\n"
            "counters and without; seen: instructions on the counters themselves, the metric counting\n"
            "  %-8s %-16s %12s %12s %9s %9s %9s\n",
            "", "", "with", "without", "cost", "", "seen");
    fprintf(out, "  %-8s %-16s %12s %12s %9s %9s %9s\n", with->structure, with->workload, table_number(arena, a->value),
            table_number(arena, b->value), table_number(arena, a->value - b->value),
            share_text(arena, a->value - b->value, b->value), counting ? table_number(arena, counting->value) : "-");
    return true;
}

static double *cycles_of(struct arena *arena, const struct cell *cell, size_t *count)
{
    const struct metric cycles = {"cycles", NULL, 0};
    double *values = arena_alloc(arena, cell->sample_count * sizeof(*values));

    *count = results_values(cell, &cycles, values);
    return values;
}

/* Measured: the shift between the two, with its interval. */
static bool cycles_print(struct arena *arena, FILE *out, const struct results *results, const struct cell *with,
                         const struct cell *without, bool started)
{
    const struct result *a = results_find(results, with, "cycles"), *b = results_find(results, without, "cycles");
    size_t with_count, without_count;
    double *with_cycles, *without_cycles;
    struct stats_shift cost;

    if (!a || !b || strcmp(with->lane, "time") != 0)
        return false;
    with_cycles = cycles_of(arena, with, &with_count);
    without_cycles = cycles_of(arena, without, &without_count);
    cost = stats_shift(without_cycles, without_count, with_cycles, with_count);
    if (!started)
        fprintf(out,
                "\nwhat counting costs: measured cycles per operation of the same images\n  %-8s %-16s %12s %12s %9s\n",
                "", "", "with", "without", "cost");
    fprintf(out, "  %-8s %-16s %12s %12s %9s  (%s to %s%s)\n", with->structure, with->workload,
            table_number(arena, a->value), table_number(arena, b->value), table_number(arena, cost.shift),
            table_number(arena, cost.range.lo), table_number(arena, cost.range.hi),
            cost.bounded ? "" : ", of too few boots to be sure");
    return true;
}

/* A line for each pair of cells of a lane, by print. */
static void costs_print(struct arena *arena, FILE *out, const struct results *results,
                        bool (*print)(struct arena *, FILE *, const struct results *, const struct cell *,
                                      const struct cell *, bool))
{
    bool started = false;

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *with = booked_find(results, &results->cells.items[i]);

        if (with)
            started |= print(arena, out, results, with, &results->cells.items[i], started);
    }
}

static void shares_print(struct arena *arena, FILE *out, const struct results *results)
{
    bool started = false;

    for (size_t i = 0; i < results->cells.count; i++) {
        struct share share = largest_of(results, &results->cells.items[i]);

        if (!share.cell)
            continue;
        if (!started)
            fputs("\ninstructions that only keep the kernel's own counters, where they are the largest share\n", out);
        started = true;
        fprintf(out, "  %-22s %4.1f %%  %.4g of %.6g in %s\n",
                config_system_name(arena, share.cell->structure, share.cell->variant, ' '),
                100 * share.counting / share.all, share.counting, share.all, share.cell->workload);
    }
}

void counting_print(struct arena *arena, FILE *out, const struct results *results)
{
    costs_print(arena, out, results, exact_print);
    costs_print(arena, out, results, cycles_print);
    shares_print(arena, out, results);
}

/* SPDX-License-Identifier: MIT */
/*
 * counting.c: the metric `counting` beside all instructions.  Both count a repeated instruction once: an instruction
 * that keeps a counter is never repeated.
 */
#include "counting.h"
#include <string.h>

struct share {
    const struct cell *cell;
    double counting, all;
};

static struct share share_of(const struct results *results, const struct cell *cell)
{
    const struct result *counting = results_find(results, cell, "counting");
    const struct result *all = results_find(results, cell, "instructions_arch");

    if (!counting || !all || all->value <= 0 || strcmp(cell->lane, "exact") != 0)
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

void counting_print(struct arena *arena, FILE *out, const struct results *results)
{
    bool started = false;

    for (size_t i = 0; i < results->cells.count; i++) {
        struct share share = largest_of(results, &results->cells.items[i]);
        bool plain = share.cell && strcmp(share.cell->variant, "default") == 0;

        if (!share.cell)
            continue;
        if (!started)
            fputs("\ninstructions that only keep the kernel's own counters, where they are the largest share\n", out);
        started = true;
        fprintf(out, "  %-22s %4.1f %%  %.4g of %.6g in %s\n",
                arena_print(arena, "%s%s%s", share.cell->structure, plain ? "" : " ", plain ? "" : share.cell->variant),
                100 * share.counting / share.all, share.counting, share.all, share.cell->workload);
    }
}

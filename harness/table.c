/* SPDX-License-Identifier: MIT */
/*
 * table.c: the terminal's table.  Cells of one workload stand together, since only they may be compared.
 */
#include "table.h"
#include "summary.h"
#include <math.h>
#include <string.h>

struct column {
    const char *metric, *title;
    int width;
};

static const struct column exact_columns[] = {
    {"instructions", "instructions", 14}, {"instructions_arch", "arch", 12}, {"syscall", "syscall", 9},
    {"exception", "exception", 10},       {"interrupt", "interrupt", 10},    {"as_switch", "as_switch", 10},
    {"thread_switch", "thr_switch", 11},
};
static const struct column time_columns[] = {{"cycles", "cycles", 14}};

char *table_number(struct arena *arena, double value)
{
    char *plain = arena_print(arena, fabs(value) >= 100 || value == floor(value) ? "%.0f" : "%.2f", value);
    size_t whole = strcspn(plain, "."), sign = *plain == '-';
    char *out = arena_alloc(arena, strlen(plain) * 2 + 1), *at = out;

    for (size_t i = 0; plain[i]; i++) {
        if (i > sign && i < whole && (whole - i) % 3 == 0)
            *at++ = ',';
        *at++ = plain[i];
    }
    return out;
}

static void heading_print(FILE *out, const struct column *columns, size_t count)
{
    fprintf(out, "%-16s %-24s", "workload", "structure");
    for (size_t i = 0; i < count; i++)
        fprintf(out, " %*s", columns[i].width, columns[i].title);
    fprintf(out, "  %3s  %7s  %s\n", "n", "spread", "audit");
}

/* How far the runs of a cell lie apart, as a share of the median; of one run nobody knows. */
static char *spread_text(struct arena *arena, const struct result *result)
{
    if (!result || result->n < 2)
        return "-";
    if (result->lo == result->hi)
        return "0";
    return arena_print(arena, "%.2g%%", result->value ? 100 * (result->hi - result->lo) / result->value : 100.0);
}

static void cell_print(struct arena *arena, FILE *out, const struct results *results, const struct cell *cell,
                       const struct column *columns, size_t count, bool first)
{
    bool plain = strcmp(cell->variant, "default") == 0;

    fprintf(out, "%-16s %-24s", first ? cell->workload : "",
            arena_print(arena, "%s%s%s", cell->structure, plain ? "" : " ", plain ? "" : cell->variant));
    if (strcmp(cell->status, CELL_OK) != 0) {
        fprintf(out, " %s: %s\n", cell->status, cell->reason);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct result *result = results_find(results, cell, columns[i].metric);

        fprintf(out, " %*s", columns[i].width, result ? table_number(arena, result->value) : "-");
    }
    fprintf(out, "  %3zu  %7s  %s\n", cell->sample_count,
            spread_text(arena, results_find(results, cell, columns[0].metric)), cell->audit);
}

static void lane_print(struct arena *arena, FILE *out, const struct results *results, const char *lane,
                       const char *title, const struct column *columns, size_t count)
{
    const char *reason = summary_skip_reason(results, lane), *workload = "";
    bool started = false;

    if (reason) {
        fprintf(out, "\n%s: skipped: %s\n", title, reason);
        return;
    }
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, lane) != 0)
            continue;
        if (!started) {
            fprintf(out, "\n%s, per operation\n", title);
            heading_print(out, columns, count);
            started = true;
        }
        cell_print(arena, out, results, cell, columns, count, strcmp(cell->workload, workload) != 0);
        workload = cell->workload;
    }
    if (started)
        fprintf(out, "n: guests booted; spread: from the lowest to the highest of %s, 95 %% of the guests\n",
                columns[0].title);
}

/* Kernel entry to main(), of each structure's first cell that knows it. */
static void boot_print(struct arena *arena, FILE *out, const struct results *results)
{
    const char *structure = "", *variant = "";
    bool started = false;

    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        const char *separator = started ? ", " : "\nboot to main(), instructions, each kernel's first workload: ";

        if (result->n == 0 || strcmp(result->metric, "boot_instructions") != 0)
            continue;
        if (strcmp(result->cell->workload, results->cells.items[0].workload) != 0 && started)
            break;
        if (strcmp(structure, result->cell->structure) == 0 && strcmp(variant, result->cell->variant) == 0)
            continue;
        structure = result->cell->structure;
        variant = result->cell->variant;
        fprintf(out, "%s%s%s%s %s", separator, structure, strcmp(variant, "default") ? " " : "",
                strcmp(variant, "default") ? variant : "", table_number(arena, result->value));
        started = true;
    }
    if (started)
        fputc('\n', out);
}

void table_print(struct arena *arena, FILE *out, const struct results *results)
{
    fprintf(out, "run %s\n", results->run);
    lane_print(arena, out, results, "exact", "exact lane (counted)", exact_columns,
               sizeof(exact_columns) / sizeof(exact_columns[0]));
    lane_print(arena, out, results, "time", "time lane (measured)", time_columns,
               sizeof(time_columns) / sizeof(time_columns[0]));
    boot_print(arena, out, results);
}

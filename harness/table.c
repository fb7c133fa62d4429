/* SPDX-License-Identifier: MIT */
/*
 * table.c: the terminal's table.  Cells of one workload stand together, since only they may be compared.
 */
#include "table.h"
#include "cautions.h"
#include "counting.h"
#include "model.h"
#include "rates.h"
#include "summary.h"
#include "way.h"
#include <math.h>
#include <string.h>

struct column {
    const char *metric, *title;
    int width;
    bool optional; /* shown only if there is something to show */
};

#define COLUMNS_MAX 16

static const struct column exact_columns[] = {
    {"instructions", "instructions", 14, false},
    {"instructions_arch", "arch", 12, false},
    {"syscall", "syscall", 9, false},
    {"exception", "exception", 10, false},
    {"interrupt", "interrupt", 10, false},
    {"upcall", "upcall", 7, true},
    {"ipc", "ipc", 6, true},
    {"as_switch", "as_switch", 10, false},
    {"as_switch_kept", "kept", 6, true},
    {"thread_switch", "thr_switch", 11, false},
};
static const struct column time_columns[] = {
    {"cycles", "cycles", 14, false},         {"cycles_cold", "cold", 12, true},
    {"pmu.cycles", "core_cycles", 12, true}, {"pmu.instructions", "instructions", 12, true},
    {"pmu.dtlb_miss", "dtlb_miss", 9, true}, {"pmu.itlb_miss", "itlb_miss", 9, true},
    {"vm_exit", "vm_exit", 9, true},         {"vm_exit_ns", "exit_ns", 10, true},
};

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

/* The columns of those that the lane has something in. */
static size_t columns_choose(const struct results *results, const char *lane, const struct column *all, size_t count,
                             struct column *chosen)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        bool used = !all[i].optional;

        for (size_t r = 0; r < results->count && !used; r++) {
            const struct result *result = &results->items[r];

            used = result->value > 0 && strcmp(result->metric, all[i].metric) == 0 &&
                   strcmp(result->cell->lane, lane) == 0;
        }
        if (used && n < COLUMNS_MAX)
            chosen[n++] = all[i];
    }
    return n;
}

static char *cell_name(struct arena *arena, const struct cell *cell)
{
    return config_system_name(arena, cell->structure, cell->variant, ' ');
}

/* Cells of a workload that are skipped for one and the same reason share a line; NULL if it was printed before. */
static char *alike_names(struct arena *arena, const struct results *results, const struct cell *cell)
{
    struct strings names = {0};

    if (strcmp(cell->status, CELL_SKIP) != 0)
        return cell_name(arena, cell);
    for (const struct cell *c = results->cells.items; c < results->cells.items + results->cells.count; c++) {
        if (strcmp(c->workload, cell->workload) != 0 || strcmp(c->lane, cell->lane) != 0 ||
            strcmp(c->status, cell->status) != 0 || strcmp(c->reason, cell->reason) != 0)
            continue;
        if (names.count == 0 && c != cell)
            return NULL;
        strings_add(arena, &names, cell_name(arena, c));
    }
    return strings_join(arena, &names, ", ");
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

/* False if the cell has its place in an earlier line. */
static bool cell_print(struct arena *arena, FILE *out, const struct results *results, const struct cell *cell,
                       const struct column *columns, size_t count, bool first)
{
    bool ok = strcmp(cell->status, CELL_OK) == 0;
    const char *name = ok ? cell_name(arena, cell) : alike_names(arena, results, cell);

    if (!name)
        return false;
    fprintf(out, "%-16s %-24s", first ? cell->workload : "", name);
    if (!ok) {
        fprintf(out, " %s: %s\n", cell->status, cell->reason);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        const struct result *result = results_find(results, cell, columns[i].metric);

        fprintf(out, " %*s", columns[i].width, result ? table_number(arena, result->value) : "-");
    }
    fprintf(out, "  %3zu  %7s  %s\n", cell->sample_count,
            spread_text(arena, results_find(results, cell, columns[0].metric)), cell->audit);
    return true;
}

static void lane_print(struct arena *arena, FILE *out, const struct results *results, const char *lane,
                       const char *title, const struct column *all, size_t all_count)
{
    const char *reason = summary_skip_reason(results, lane), *workload = "";
    struct column columns[COLUMNS_MAX];
    size_t count = columns_choose(results, lane, all, all_count, columns);
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
        if (cell_print(arena, out, results, cell, columns, count, strcmp(cell->workload, workload) != 0))
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

/* Rows whose programs are the distribution's say which. */
static void servers_print(struct arena *arena, FILE *out, const struct results *results)
{
    struct strings said = {0};

    for (const struct cell *c = results->cells.items; c < results->cells.items + results->cells.count; c++) {
        const char *server = c->sample_count ? c->samples[0]->server : NULL, *line;
        bool known = false;

        if (!server || !*server)
            continue;
        line = arena_print(arena, "%s: %s in the place of our program", cell_name(arena, c), server);
        for (size_t i = 0; i < said.count; i++)
            known |= strcmp(said.items[i], line) == 0;
        if (known)
            continue;
        strings_add(arena, &said, line);
        fprintf(out, "%s\n", line);
    }
}

/* What ended the boots of the time lane's cells. */
static void ended_print(FILE *out, const struct results *results)
{
    size_t ended[STOP_BUDGET + 1] = {0};

    for (size_t i = 0; i < results->count; i++)
        ended[results->items[i].ended]++;
    if (ended[STOP_PRECISE] + ended[STOP_LIMIT] + ended[STOP_BUDGET] == 0)
        return;
    fputs("cycles: of the TSC, per operation after the warm-up; cold: of the first operation after the boot\n", out);
    fprintf(out,
            "boots ended: %zu cells precise to %.2g %%, %zu after %u boots without that, %zu when the time was spent\n",
            ended[STOP_PRECISE], 100 * results->stop.precision, ended[STOP_LIMIT], (unsigned)results->stop.most,
            ended[STOP_BUDGET]);
}

/* What the time lane's numbers cannot be trusted for. */
static void cautions_print(struct arena *arena, FILE *out, const struct results *results)
{
    struct strings cautions = cautions_of(arena, results);

    for (size_t i = 0; i < cautions.count; i++)
        fprintf(out, "%s\n", cautions.items[i]);
}

void table_print(struct arena *arena, FILE *out, const struct results *results)
{
    fprintf(out, "run %s\n", results->run);
    lane_print(arena, out, results, "exact", "exact lane (counted)", exact_columns,
               sizeof(exact_columns) / sizeof(exact_columns[0]));
    lane_print(arena, out, results, "time", "time lane (measured)", time_columns,
               sizeof(time_columns) / sizeof(time_columns[0]));
    ended_print(out, results);
    cautions_print(arena, out, results);
    model_table_print(arena, out, results);
    way_print(arena, out, results);
    counting_print(arena, out, results);
    boot_print(arena, out, results);
    servers_print(arena, out, results);
    if (results->rates)
        rates_print(arena, out, results->rates);
}

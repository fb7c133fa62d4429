/* SPDX-License-Identifier: MIT */
/*
 * peers.c: one line an operation and metric: each structure's figure with its limit, then the peers'.  A limit of a
 * cell that the run does not have is not judged; one of a cell that was not admitted does not hold.
 */
#include "peers.h"
#include "file.h"
#include "table.h"
#include <stdlib.h>
#include <string.h>

#define LIMIT "limit:"

struct row {
    const char *workload, *metric, *who;
    double figure;
};

struct rows {
    struct row *items;
    size_t count, room;
};

static int row_parse(struct arena *arena, char *line, struct rows *rows)
{
    const char *workload = strsep(&line, "\t"), *metric = strsep(&line, "\t"), *who = strsep(&line, "\t");
    char *end = NULL;
    double figure = line ? strtod(line, &end) : 0;

    if (!workload || !metric || !who || !line || end == line || *end)
        return -1;
    rows->items = arena_grow(arena, rows->items, rows->count, &rows->room, sizeof(*rows->items));
    rows->items[rows->count++] = (struct row){workload, metric, who, figure};
    return 0;
}

static int rows_load(struct arena *arena, struct rows *rows, struct error *error)
{
    char *text = file_read(arena, PEERS_PATH, NULL, error), *line;

    if (!text)
        return -1;
    for (unsigned number = 1; (line = strsep(&text, "\n")); number++) {
        if (*line && *line != '#' && row_parse(arena, line, rows))
            return error_set(error, TOLL_USAGE, "%s:%u: expected workload, metric, who and figure, separated by tabs",
                             PEERS_PATH, number);
    }
    return 0;
}

static const struct row *limit_find(const struct rows *rows, const char *workload, const char *metric,
                                    const char *structure)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->items[i];

        if (strcmp(row->workload, workload) == 0 && strcmp(row->metric, metric) == 0 &&
            strncmp(row->who, LIMIT, strlen(LIMIT)) == 0 && strcmp(row->who + strlen(LIMIT), structure) == 0)
            return row;
    }
    return NULL;
}

/* One structure's figure, as "uni 13 (limit 14)"; "!" marks a limit that does not hold. */
static char *ours_text(struct arena *arena, const struct results *results, const struct cell *cell,
                       const struct row *limit, const char *metric, struct peers_verdict *verdict)
{
    const struct result *result = results_find(results, cell, metric);
    bool plain = strcmp(cell->variant, "default") == 0;
    char *text = arena_print(arena, "%s %s", config_system_name(arena, cell->structure, cell->variant, ' '),
                             result ? table_number(arena, result->value) : cell->status);
    bool holds = limit && result && result->value <= limit->figure;

    if (!result && strcmp(cell->status, CELL_OK) == 0)
        return NULL; /* the batch's later workloads know nothing of the boot */
    if (!limit || !plain)
        return text;
    verdict->judged++;
    verdict->broken += !holds;
    return arena_print(arena, "%s (limit %s%s)", text, table_number(arena, limit->figure), holds ? "" : "!");
}

static void operation_print(struct arena *arena, FILE *out, const struct results *results, const struct rows *rows,
                            const struct row *first, struct peers_verdict *verdict)
{
    struct strings ours = {0}, theirs = {0};

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];
        const struct row *limit = limit_find(rows, first->workload, first->metric, cell->structure);
        char *text;

        if (strcmp(cell->workload, first->workload) != 0 || strcmp(cell->lane, "exact") != 0)
            continue;
        text = ours_text(arena, results, cell, limit, first->metric, verdict);
        if (text)
            strings_add(arena, &ours, text);
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->items[i];

        if (strcmp(row->workload, first->workload) == 0 && strcmp(row->metric, first->metric) == 0 &&
            strncmp(row->who, LIMIT, strlen(LIMIT)) != 0)
            strings_print(arena, &theirs, "%s %s", row->who, table_number(arena, row->figure));
    }
    fprintf(out, "%s, %s\n    here:  %s\n    peers: %s\n", first->workload, first->metric,
            ours.count ? strings_join(arena, &ours, ", ") : "not in this run", strings_join(arena, &theirs, ", "));
}

static bool is_first(const struct rows *rows, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(rows->items[i].workload, rows->items[index].workload) == 0 &&
            strcmp(rows->items[i].metric, rows->items[index].metric) == 0)
            return false;
    }
    return true;
}

int peers_print(struct arena *arena, FILE *out, const struct results *results, struct peers_verdict *verdict,
                struct error *error)
{
    struct rows rows = {0};

    *verdict = (struct peers_verdict){0};
    if (rows_load(arena, &rows, error))
        return -1;
    fprintf(out, "run %s: guest instructions per operation, beside other kernels\n", results->run);
    for (size_t i = 0; i < rows.count; i++) {
        if (is_first(&rows, i))
            operation_print(arena, out, results, &rows, &rows.items[i], verdict);
    }
    fprintf(out, "%zu limits judged, %zu do not hold\n", verdict->judged, verdict->broken);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * reference.c: exact counts to text and back.  A folder is written file by file, reference.json last, so that one that
 * was not finished is not taken for a reference.
 */
#include "reference.h"
#include "compare.h"
#include "file.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADING                                                                                                        \
    "# Exact counts over the whole window; `make reference` writes this file.\n"                                       \
    "# structure[:variant]\tworkload\toperations\tmetric\tcount\n"
#define COLUMNS 5

static const char *const facts[] = {"qemu", "compiler", "linker"};

bool reference_is(struct arena *arena, const char *folder)
{
    return file_exists(arena_print(arena, "%s/%s", folder, REFERENCE_FILE));
}

static bool is_kept(const char *metric)
{
    return compare_role(metric) != COMPARE_DETAIL;
}

static bool is_wanted(const struct cell *cell)
{
    return strcmp(cell->status, CELL_OK) == 0 && strcmp(cell->lane, "exact") == 0 &&
           strcmp(cell->structure, "linux") != 0;
}

static void cell_write(FILE *out, const struct cell *cell)
{
    const struct sample *sample = cell->samples[0];
    bool plain = strcmp(cell->variant, "default") == 0;

    for (size_t i = 0; i < sample->metrics.count; i++) {
        const struct metric *metric = &sample->metrics.items[i];

        if (metric->value != 0 && !metric->unit && is_kept(metric->name))
            fprintf(out, "%s%s%s\t%s\t%" PRId64 "\t%s\t%" PRId64 "\n", cell->structure, plain ? "" : ":",
                    plain ? "" : cell->variant, cell->workload, sample->ops, metric->name, metric->value);
    }
}

/* The file of the structure of the cell at index, unless an earlier cell's was the same. */
static int structure_write(struct arena *arena, const char *folder, const struct results *results, size_t index,
                           struct error *error)
{
    const struct cell *cells = results->cells.items;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out;
    int failed;

    for (size_t i = 0; i < index; i++) {
        if (is_wanted(&cells[i]) && strcmp(cells[i].structure, cells[index].structure) == 0)
            return 0;
    }
    out = open_memstream(&text, &bytes);
    if (!out)
        abort();
    fputs(HEADING, out);
    for (size_t i = index; i < results->cells.count; i++) {
        if (is_wanted(&cells[i]) && strcmp(cells[i].structure, cells[index].structure) == 0)
            cell_write(out, &cells[i]);
    }
    fclose(out);
    failed = file_write_atomic(arena_print(arena, "%s/%s.tsv", folder, cells[index].structure), text, bytes, error);
    free(text);
    return failed;
}

static int is_table(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".tsv") == 0;
}

/* The tables in the folder, by name. */
static struct strings tables_list(struct arena *arena, const char *folder)
{
    struct strings names = {0};
    struct dirent **entries;
    int count = scandir(folder, &entries, is_table, alphasort);

    for (int i = 0; i < count; i++) {
        strings_print(arena, &names, "%s/%s", folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return names;
}

static int facts_write(struct arena *arena, const char *folder, const struct results *results, const char *options,
                       struct error *error)
{
    json_t *json = json_pack("{ss ss}", "schema", SAMPLE_SCHEMA, "options", options);
    char *text, *line, *path = arena_print(arena, "%s/%s", folder, REFERENCE_FILE);

    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        json_object_set(json, facts[i], json_object_get(results->host, facts[i]) ?: json_null());
    text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    if (!text)
        abort();
    line = arena_print(arena, "%s\n", text);
    free(text);
    return file_write_atomic(path, line, strlen(line), error);
}

int reference_write(struct arena *arena, const char *folder, const struct results *results, struct error *error)
{
    const char *options = NULL;
    struct strings old;

    for (size_t i = 0; i < results->cells.count && !options; i++)
        options = is_wanted(&results->cells.items[i]) ? results->cells.items[i].samples[0]->options : NULL;
    if (!options)
        return error_set(error, TOLL_USAGE, "%s has no admitted cell of the exact lane to take counts from",
                         results->run);
    if (file_make_folders(folder, error))
        return -1;
    old = tables_list(arena, folder);
    strings_print(arena, &old, "%s/%s", folder, REFERENCE_FILE);
    for (size_t i = 0; i < old.count; i++)
        unlink(old.items[i]);
    for (size_t i = 0; i < results->cells.count; i++) {
        if (is_wanted(&results->cells.items[i]) && structure_write(arena, folder, results, i, error))
            return -1;
    }
    return facts_write(arena, folder, results, options, error);
}

/* Cuts a line at its tabs; false unless it has just the columns. */
static bool columns_cut(char *line, char **columns)
{
    size_t count = 0;
    char *word;

    while ((word = strsep(&line, "\t"))) {
        if (count == COLUMNS || !*word)
            return false;
        columns[count++] = word;
    }
    return count == COLUMNS;
}

static bool number_read(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return !errno && end != text && !*end && *number >= 0;
}

/* The cell of a line, most often the last one, or a new one. */
static struct cell *cell_of(struct arena *arena, struct results *results, char *name, const char *workload,
                            const char *options)
{
    char *structure = strsep(&name, ":"), *variant = name ? name : "default";
    struct cell *cell;
    struct sample *sample;

    for (size_t i = results->cells.count; i-- > 0;) {
        cell = &results->cells.items[i];
        if (strcmp(cell->structure, structure) == 0 && strcmp(cell->variant, variant) == 0 &&
            strcmp(cell->workload, workload) == 0)
            return cell;
    }
    results->cells.items = arena_grow(arena, results->cells.items, results->cells.count, &results->cells.room,
                                      sizeof(*results->cells.items));
    cell = &results->cells.items[results->cells.count++];
    sample = arena_alloc(arena, sizeof(*sample));
    *sample = (struct sample){.run = results->run, .structure = structure, .workload = workload, .variant = variant};
    sample->lane = "exact";
    sample->words = sample->output_sha256 = sample->workload_sha256 = "";
    sample->options = options;
    *cell = (struct cell){.structure = structure, .workload = workload, .variant = variant, .lane = "exact"};
    cell->status = CELL_OK;
    cell->reason = "";
    cell->audit = "ok";
    cell->samples = arena_alloc(arena, sizeof(*cell->samples));
    cell->samples[0] = sample;
    cell->sample_count = 1;
    return cell;
}

static int table_load(struct arena *arena, const char *path, const char *options, struct results *results,
                      struct error *error)
{
    char *text = file_read(arena, path, NULL, error), *line, *columns[COLUMNS];
    int64_t ops, value;

    if (!text)
        return -1;
    for (size_t number = 1; (line = strsep(&text, "\n")); number++) {
        struct sample *sample;

        if (!*line || *line == '#')
            continue;
        if (!columns_cut(line, columns) || !number_read(columns[2], &ops) || !number_read(columns[4], &value))
            return error_set(error, TOLL_USAGE,
                             "%s:%zu: expected structure, workload, operations, metric and count with tabs between; "
                             "write it anew by `make reference`",
                             path, number);
        sample = (struct sample *)cell_of(arena, results, columns[0], columns[1], options)->samples[0];
        if (metrics_find(&sample->metrics, columns[3]) || (sample->ops && sample->ops != ops) || ops == 0)
            return error_set(error, TOLL_USAGE,
                             "%s:%zu: %s: expected each count once, and operations above 0, the same in the whole "
                             "cell; write it anew by `make reference`",
                             path, number, columns[3]);
        sample->ops = ops;
        metrics_set(arena, &sample->metrics, columns[3], NULL, value);
    }
    return 0;
}

int reference_load(struct arena *arena, const char *folder, struct results *results, struct error *error)
{
    struct strings tables = tables_list(arena, folder);
    const char *options, *schema;

    *results =
        (struct results){.run = folder, .sparse = true, .host = store_load_json(arena, folder, REFERENCE_FILE, error)};
    if (!results->host)
        return -1;
    schema = json_string_value(json_object_get(results->host, "schema"));
    options = json_string_value(json_object_get(results->host, "options"));
    if (!schema || strcmp(schema, SAMPLE_SCHEMA) != 0 || !options)
        return error_set(error, TOLL_USAGE,
                         "%s/%s: expected schema %s and QEMU's options; write it anew by "
                         "`make reference`",
                         folder, REFERENCE_FILE, SAMPLE_SCHEMA);
    for (size_t i = 0; i < tables.count; i++) {
        if (table_load(arena, tables.items[i], arena_copy(arena, options), results, error))
            return -1;
    }
    results_fill(arena, results);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * cmd_show.c: `toll show`: the samples of a run one by one, with all their numbers and the end of the serial log.
 */
#include "command.h"
#include "file.h"
#include "plan.h"
#include "results.h"
#include "table.h"
#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOG_LINES 15

static const char usage[] =
    "usage: toll show [RUN] [STRUCTURE/WORKLOAD]\n"
    "\n"
    "Without a cell: the table of the run (the latest, if none is named).  With a cell, either\n"
    "side of which may be a pattern: its samples in full and the end of their serial logs.\n"
    "\n"
    "  -h, --help  show this\n";

static void lines_print(const char *title, const struct strings *lines)
{
    if (lines->count)
        printf("  %s\n", title);
    for (size_t i = 0; i < lines->count; i++)
        printf("    %s\n", lines->items[i]);
}

/* The log's last lines, made printable. */
static void log_print(struct arena *arena, const char *folder, const char *serial)
{
    char *text = *serial ? file_read_optional(arena, arena_print(arena, "%s/%s", folder, serial), NULL) : NULL;
    const char *start = text ? text + strlen(text) : NULL;
    char *line;
    int lines = 0;

    if (!text)
        return;
    while (start > text && (start[-1] != '\n' || lines++ < LOG_LINES + 1))
        start--;
    printf("  end of %s/%s\n", folder, serial);
    for (char *rest = arena_copy(arena, start); (line = strsep(&rest, "\n"));) {
        if (*line)
            printf("    %s\n", sample_text(arena, line));
    }
}

static void field_print(const char *name, const char *value)
{
    if (value && *value)
        printf("  %-16s %s\n", name, value);
}

static void sample_print(struct arena *arena, const char *folder, const struct sample *s)
{
    printf("%s/%s, variant %s, %s lane, repetition %" PRId64 "\n", s->structure, s->workload, s->variant, s->lane,
           s->rep);
    field_print("status", s->status);
    field_print("reason", s->reason);
    field_print("audit", s->audit);
    field_print("audit reason", s->audit_reason);
    field_print("arguments", s->words);
    field_print("options", s->options);
    field_print("processor has", *s->cpu_features ? s->cpu_features : "not recorded: the system did not say");
    field_print("output", s->output_sha256);
    field_print("workload", s->workload_sha256);
    field_print("image", s->image_sha256);
    field_print("disk", s->disk);
    printf("  %-16s %" PRId64 "\n  %-16s %" PRId64 " ms\n", "operations", s->ops, "took", s->wall_ms);
    for (size_t i = 0; i < s->metrics.count; i++) {
        const struct metric *metric = &s->metrics.items[i];

        printf("  %-32s %16" PRId64 " %s\n", metric->name, metric->value, metric->unit ? metric->unit : "in all");
    }
    lines_print("one operation, hop by hop", &s->hops);
    lines_print("console", &s->console);
    lines_print("backtrace, innermost first", &s->backtrace);
    log_print(arena, folder, s->serial);
}

static int cells_show(struct command *command, const char *folder, const char *pattern, struct error *error)
{
    struct samples samples;
    size_t shown = 0;

    if (store_load(&command->arena, folder, &samples, error))
        return -1;
    for (size_t i = 0; i < samples.count; i++) {
        const struct sample *s = &samples.items[i];

        if (fnmatch(pattern, arena_print(&command->arena, "%s/%s", s->structure, s->workload), 0) == 0 && ++shown)
            sample_print(&command->arena, folder, s);
    }
    if (shown == 0)
        return error_set(error, TOLL_USAGE, "%s has no sample of %s; `toll show` shows the table of its cells", folder,
                         pattern);
    return 0;
}

static int run_show(struct command *command, const char *folder, struct error *error)
{
    struct results results;

    if (results_load(&command->arena, folder, &results, error))
        return -1;
    table_print(&command->arena, stdout, &results);
    results_close(&results);
    return 0;
}

/* A word is a cell if it has a slash and is not a run's folder. */
static bool is_cell(struct command *command, const char *word)
{
    return strchr(word, '/') &&
           !file_exists(arena_print(&command->arena, "%s/samples.jsonl", command_path(command, word)));
}

int cmd_show(struct command *command)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    const char *folder, *cell = NULL, *run = NULL;
    struct error error;
    int option;

    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1)
        return option == 'h' ? fputs(usage, stdout) < 0 : command_usage(command);
    for (; optind < command->argc; optind++) {
        const char *word = command->argv[optind];

        if (is_cell(command, word) ? cell != NULL : run != NULL)
            return command_surplus(command);
        if (is_cell(command, word))
            cell = word;
        else
            run = command_run(command, word);
    }
    folder = store_find(&command->arena, run, &error);
    if (!folder || (cell ? cells_show(command, folder, cell, &error) : run_show(command, folder, &error)))
        return command_fail(command, &error);
    return TOLL_OK;
}

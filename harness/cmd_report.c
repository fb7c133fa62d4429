/* SPDX-License-Identifier: MIT */
/*
 * cmd_report.c: `toll report`: from samples to the table, results.json, results.csv and the report's pages.
 */
#include "check.h"
#include "command.h"
#include "file.h"
#include "layout.h"
#include "peers.h"
#include "process.h"
#include "results.h"
#include "scratch.h"
#include "table.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GENERATOR "reports/report.py"

static const char usage[] =
    "usage: toll report [OPTION...] [RUN]\n"
    "\n"
    "Prints the table of a run (the latest, if none is named), derives results.json and\n"
    "results.csv in its folder and makes the report (index.html, summary.md).\n"
    "\n"
    "  -o, --output DIR  where the report goes, instead of " LAYOUT_REPORT "\n"
    "      --no-html     only the table and the derived files\n"
    "      --peers       instead: our figures beside other kernels', and whether limits hold\n"
    "      --check       instead: derives everything once more elsewhere and compares it, byte\n"
    "                    for byte, with what is there\n"
    "  -h, --help        show this\n";

struct request {
    const char *run, *output;
    bool pages, peers, check;
};

static int request_parse(struct command *command, struct request *request)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, {"no-html", no_argument, NULL, 'n'},
        {"peers", no_argument, NULL, 'p'},        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},         {0}};
    int option;

    while ((option = getopt_long(command->argc, command->argv, "o:h", options, NULL)) != -1) {
        if (option == 'o')
            request->output = command_path(command, optarg);
        else if (option == 'n')
            request->pages = false;
        else if (option == 'p')
            request->peers = true;
        else if (option == 'c')
            request->check = true;
        else
            return option == 'h' ? 1 : -1;
    }
    if (optind < command->argc)
        request->run = command_run(command, command->argv[optind++]);
    return optind < command->argc ? -1 : 0;
}

static int pages_make(struct arena *arena, const char *folder, const char *output, struct error *error)
{
    char *const argv[] = {"/usr/bin/python3", GENERATOR, arena_copy(arena, folder), arena_copy(arena, output), NULL};
    struct process_options options = {.out = STDERR_FILENO, .err = STDERR_FILENO, .cancel = process_catch_signals()};
    struct process_end end;

    if (process_run(argv, &options, &end, error))
        return -1;
    if (end.outcome == PROCESS_INTERRUPTED)
        return error_set(error, TOLL_INTERRUPTED, "interrupted");
    if (end.outcome != PROCESS_EXITED || end.value != 0)
        return error_set(error, TOLL_HOST, "%s failed (%s); the table and the derived files are complete", GENERATOR,
                         process_explain(arena, &end));
    return 0;
}

/* The pages are checked if those in the output folder are of this run.  They link to the run's files, so the new ones
   are made beside the old. */
static int pages_check(struct arena *arena, const struct request *request, const char *folder,
                       const struct results *results, struct check *check, struct error *error)
{
    const char *pages = arena_print(arena, "%s.check-%d", request->output, (int)getpid());
    int failed;

    if (!request->pages)
        return 0;
    if (!check_is_of(arena, request->output, results->run)) {
        fprintf(stderr, "toll report: %s has no pages of %s: not checked\n", request->output, results->run);
        return 0;
    }
    failed =
        pages_make(arena, folder, pages, error) || check_folders(arena, request->output, pages, NULL, check, error);
    file_remove_tree(pages);
    return failed;
}

static int report_check(struct arena *arena, const struct request *request, const char *folder,
                        const struct results *results, struct error *error)
{
    char *scratch = scratch_make(arena, "check-", error);
    struct check check = {0};
    int failed;

    if (!scratch)
        return -1;
    failed = check_derived(arena, folder, scratch, results, &check, error) ||
             pages_check(arena, request, folder, results, &check, error);
    scratch_remove(scratch);
    if (failed)
        return -1;
    for (size_t i = 0; i < check.differ.count; i++)
        printf("%s\n", check.differ.items[i]);
    printf("%zu files are as they would be made now, %zu are not%s\n", check.same, check.differ.count,
           check.differ.count ? ": another toll made them, or they were changed; toll report makes them again" : "");
    return check.differ.count ? TOLL_CLAIM : TOLL_OK;
}

static int report_make(struct command *command, const struct request *request, const char *folder,
                       const struct results *results, struct error *error)
{
    struct peers_verdict verdict;

    if (request->check)
        return report_check(&command->arena, request, folder, results, error);
    if (request->peers) {
        if (peers_print(&command->arena, stdout, results, &verdict, error))
            return -1;
        return verdict.broken ? TOLL_CLAIM : TOLL_OK;
    }
    if (results_write(&command->arena, folder, results, error))
        return -1;
    table_print(&command->arena, stdout, results);
    if (fflush(stdout))
        return error_set(error, TOLL_HOST, "cannot write to standard output");
    if (request->pages && pages_make(&command->arena, folder, request->output, error))
        return -1;
    for (size_t i = 0; i < results->cells.count; i++) {
        if (strcmp(results->cells.items[i].status, CELL_REJECTED) == 0)
            return TOLL_CLAIM;
    }
    return TOLL_OK;
}

int cmd_report(struct command *command)
{
    struct request request = {.output = LAYOUT_REPORT, .pages = true};
    struct results results;
    struct error error;
    const char *folder;
    int outcome = request_parse(command, &request);

    if (outcome > 0)
        return fputs(usage, stdout) < 0;
    if (outcome < 0)
        return optind < command->argc ? command_surplus(command) : command_usage(command);
    folder = store_find(&command->arena, request.run, &error);
    if (!folder || results_load(&command->arena, folder, &results, &error))
        return command_fail(command, &error);
    outcome = report_make(command, &request, folder, &results, &error);
    results_close(&results);
    return outcome < 0 ? command_fail(command, &error) : outcome;
}

/* SPDX-License-Identifier: MIT */
/*
 * cmd_baseline.c: `toll baseline`: keeping a run under a name, or its exact counts as text.
 */
#include "baseline.h"
#include "command.h"
#include "compare.h"
#include "file.h"
#include "layout.h"
#include "reference.h"
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: toll baseline save NAME [RUN]\n"
    "       toll baseline counts DIR [RUN]\n"
    "       toll baseline list\n"
    "\n"
    "save    keeps a run (the latest, if none is named) as " LAYOUT_BASELINES
    "/NAME; NAME then stands for it wherever a\n"
    "        run is named.  Refused if cells have no number or measured ones are unsteady.\n"
    "counts  writes the exact counts of this tree's kernels as text into DIR, which reads well in a diff;\n"
    "        results/reference is made so.\n"
    "list    shows the names\n"
    "\n"
    "      --replace  put the run in the place of a baseline of that name\n"
    "      --anyway   keep the run in spite of its cells\n"
    "  -h, --help     show this\n";

struct request {
    bool replace, anyway;
};

static int request_parse(struct command *command, struct request *request)
{
    static const struct option options[] = {
        {"replace", no_argument, NULL, 'r'}, {"anyway", no_argument, NULL, 'a'}, {"help", no_argument, NULL, 'h'}, {0}};
    int option;

    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'r')
            request->replace = true;
        else if (option == 'a')
            request->anyway = true;
        else
            return option == 'h' ? 1 : -1;
    }
    return 0;
}

static int doubts_refuse(const struct command *command, const struct strings *doubts)
{
    fprintf(stderr, "toll %s: not a good baseline:\n", command->argv[0]);
    for (size_t i = 0; i < doubts->count; i++)
        fprintf(stderr, "  %s\n", doubts->items[i]);
    fprintf(stderr, "make the run again, or keep it by --anyway\n");
    return TOLL_CLAIM;
}

static int run_save(struct command *command, const struct request *request, const char *name, const char *run)
{
    const char *folder;
    struct results results;
    struct strings doubts;
    struct error error;

    folder = store_find(&command->arena, run, &error);
    if (!folder || compare_load(&command->arena, run, &results, &error))
        return command_fail(command, &error);
    doubts = baseline_doubts(&command->arena, &results);
    results_close(&results);
    if (doubts.count && !request->anyway)
        return doubts_refuse(command, &doubts);
    if (baseline_save(&command->arena, name, folder, request->replace, &error))
        return command_fail(command, &error);
    printf("%s/%s\n", LAYOUT_BASELINES, name);
    return TOLL_OK;
}

static int counts_write(struct command *command, const struct request *request, const char *target, const char *run)
{
    const char *folder = command_path(command, target);
    struct results results = {0};
    struct strings doubts;
    struct error error;
    int result = TOLL_OK;

    if (compare_load(&command->arena, run, &results, &error))
        return command_fail(command, &error);
    doubts = baseline_doubts(&command->arena, &results);
    if (doubts.count && !request->anyway)
        result = doubts_refuse(command, &doubts);
    else if (reference_write(&command->arena, folder, &results, &error))
        result = command_fail(command, &error);
    else
        printf("%s\n", folder);
    results_close(&results);
    return result;
}

static int is_baseline(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int names_list(void)
{
    struct dirent **entries;
    int count = scandir(LAYOUT_BASELINES, &entries, is_baseline, alphasort);

    for (int i = 0; i < count; i++) {
        puts(entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return TOLL_OK;
}

int cmd_baseline(struct command *command)
{
    struct request request = {0};
    int parsed = request_parse(command, &request), words = command->argc - optind;
    char **word = command->argv + optind;
    bool save = words > 0 && strcmp(word[0], "save") == 0, counts = words > 0 && strcmp(word[0], "counts") == 0;

    if (parsed > 0)
        return fputs(usage, stdout) < 0;
    if (parsed < 0)
        return command_usage(command);
    if (words == 1 && strcmp(word[0], "list") == 0)
        return names_list();
    if ((!save && !counts) || words < 2 || words > 3) {
        fprintf(stderr, "toll baseline: expected save NAME [RUN], counts DIR [RUN] or list\n");
        return command_usage(command);
    }
    return (save ? run_save : counts_write)(command, &request, word[1],
                                            command_run(command, words == 3 ? word[2] : NULL));
}

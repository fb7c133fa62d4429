/* SPDX-License-Identifier: MIT */
/*
 * cmd_explain.c: `toll explain`: the budget of one operation: what was counted, what each costs by a profile, its
 * share, and, where the time lane measured the same, what is left.
 */
#include "command.h"
#include "file.h"
#include "model.h"
#include "table.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: toll explain [OPTION...] STRUCTURE[:VARIANT] WORKLOAD\n"
    "\n"
    "Prints the budget of one operation in modelled cycles: exact counts at a profile's prices.\n"
    "\n"
    "      --run RUN       of this run, instead of the latest\n"
    "      --profile NAME  a profile of " PROFILE_FOLDER " or a path, instead of the run's\n"
    "      --json          as JSON\n"
    "  -h, --help          show this\n";

struct request {
    const char *run, *profile, *structure, *variant, *workload;
    bool json;
};

static int request_parse(struct command *command, struct request *request)
{
    static const struct option options[] = {{"run", required_argument, NULL, 'r'},
                                            {"profile", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    char *word;
    int option;

    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'r')
            request->run = command_run(command, optarg);
        else if (option == 'p')
            request->profile = strchr(optarg, '/') ? command_path(command, optarg) : optarg;
        else if (option == 'j')
            request->json = true;
        else
            return option == 'h' ? 1 : -1;
    }
    if (command->argc - optind != 2) {
        fprintf(stderr,
                "toll explain: expected a structure and a workload; for example `toll explain mono read_hot`\n");
        return -1;
    }
    word = arena_copy(&command->arena, command->argv[optind]);
    request->structure = strsep(&word, ":");
    request->variant = word ? word : "default";
    request->workload = command->argv[optind + 1];
    return 0;
}

static const struct cell *cell_find(const struct results *results, const struct request *request, struct error *error)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, "exact") != 0 || strcmp(cell->structure, request->structure) != 0 ||
            strcmp(cell->workload, request->workload) != 0 || strcmp(cell->variant, request->variant) != 0)
            continue;
        if (strcmp(cell->status, CELL_OK) == 0)
            return cell;
        error_set(error, TOLL_CLAIM, "%s/%s has no counts to explain: %s: %s", cell->structure, cell->workload,
                  cell->status, cell->reason);
        return NULL;
    }
    error_set(error, TOLL_USAGE,
              "run %s has no cell %s/%s, variant %s, in the exact lane; `toll show` lists its cells, and `toll run "
              "--only '%s/%s'` measures one",
              results->run, request->structure, request->workload, request->variant, request->structure,
              request->workload);
    return NULL;
}

/* The one that the user named, else the run's. */
static const struct profile *profile_choose(struct arena *arena, const struct request *request,
                                            const struct results *results, struct error *error)
{
    struct profile *profile = arena_alloc(arena, sizeof(*profile));
    const char *path;

    if (!request->profile && results->profile)
        return results->profile;
    if (!request->profile) {
        error_set(error, TOLL_USAGE, "run %s has no profile; name one with --profile, such as skylake-client",
                  results->run);
        return NULL;
    }
    path = profile_find(arena, request->profile, error);
    return path && profile_load(arena, path, profile, error) == 0 ? profile : NULL;
}

/* The number of a source in the list under the table; sources that are alike share one. */
static size_t source_number(const char **sources, size_t *count, const char *source)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(sources[i], source) == 0)
            return i + 1;
    }
    sources[(*count)++] = source;
    return *count;
}

static void terms_print(struct arena *arena, const struct model_budget *budget)
{
    const char *sources[MODEL_TERMS_MAX];
    size_t count = 0;

    printf("%-20s %14s %12s %14s %8s  %s\n", "counted (exact)", "count", "unit cycles", "modelled", "share", "source");
    for (size_t i = 0; i < budget->count; i++) {
        const struct model_term *term = &budget->terms[i];

        printf("%-20s %14s ", term->name, table_number(arena, term->count));
        if (term->priced)
            printf("%12s %14s %7.1f%%  [%zu]\n", table_number(arena, term->unit_cycles),
                   table_number(arena, term->cycles), 100 * term->cycles / budget->cycles,
                   source_number(sources, &count, term->source));
        else
            printf("%12s %14s %8s  not priced: %s\n", "-", "-", "-", term->source);
    }
    printf("%-20s %14s %12s %14s %7.1f%%\n", "sum", "", "", table_number(arena, budget->cycles), 100.0);
    if (budget->is_measured)
        printf("%-20s %14s %12s %14s\n%-20s %14s %12s %14s %7.1f%%  of what was measured\n", "measured", "", "",
               table_number(arena, budget->measured_cycles), "what is left", "", "",
               table_number(arena, budget->measured_cycles - budget->cycles),
               100 * (budget->measured_cycles - budget->cycles) / budget->measured_cycles);
    putchar('\n');
    for (size_t i = 0; i < count; i++)
        printf("[%zu] %s\n", i + 1, sources[i]);
}

static void text_print(struct arena *arena, const struct results *results, const struct cell *cell,
                       const struct profile *profile, const struct model_budget *budget)
{
    printf("%s/%s: cycles of one operation, modelled with profile %s\n(%s)\ncounts: run %s, exact lane\n\n",
           config_system_name(arena, cell->structure, cell->variant, ':'), cell->workload, profile->name, profile->what,
           results->run);
    terms_print(arena, budget);
    if (!budget->is_measured)
        puts("\nOnly modelled: the run has no measured cycles of this operation to hold against it.");
    if (!budget->with_misses)
        puts("Without misses of caches and TLBs: they were not counted in this run.");
    if (budget->unpriced)
        puts("Too low by what is not priced; `toll calibrate` measures it where KVM works.");
}

static void json_print(const struct results *results, const struct cell *cell, const struct profile *profile,
                       const struct model_budget *budget)
{
    json_t *json = model_budget_to_json(budget);

    json_object_update_new(json, json_pack("{ss ss ss ss ss ss}", "run", results->run, "structure", cell->structure,
                                           "variant", cell->variant, "workload", cell->workload, "profile",
                                           profile->name, "evidence", MODEL_EVIDENCE));
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(json);
}

static int explain(struct command *command, const struct request *request, const struct results *results,
                   struct error *error)
{
    const struct cell *cell = cell_find(results, request, error);
    const struct profile *profile = cell ? profile_choose(&command->arena, request, results, error) : NULL;
    struct model_budget budget;

    if (!profile)
        return -1;
    if (!model_budget_make(results, cell, profile, &budget))
        return error_set(error, TOLL_CLAIM, "%s/%s counted no instructions", cell->structure, cell->workload);
    if (request->json)
        json_print(results, cell, profile, &budget);
    else
        text_print(&command->arena, results, cell, profile, &budget);
    return 0;
}

int cmd_explain(struct command *command)
{
    struct request request = {0};
    struct results results;
    struct error error;
    const char *folder;
    int outcome = request_parse(command, &request);

    if (outcome > 0)
        return fputs(usage, stdout) < 0;
    if (outcome < 0)
        return command_usage(command);
    folder = store_find(&command->arena, request.run, &error);
    if (!folder || results_load(&command->arena, folder, &results, &error))
        return command_fail(command, &error);
    outcome = explain(command, &request, &results, &error);
    results_close(&results);
    return outcome < 0 ? command_fail(command, &error) : TOLL_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * cmd_memory.c: `toll memory`: the smallest memory with which workloads pass, found by halving; several cells at once.
 */
#include "build.h"
#include "command.h"
#include "config.h"
#include "images.h"
#include "layout.h"
#include "memory_run.h"
#include "process.h"
#include "qemu.h"
#include "store.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL "*:default/null,*:default/pdf_open,*:default/kv_get,*:default/web_1k,*:default/db_insert_auto"

static const char usage[] =
    "usage: toll memory [OPTION...] [PATTERNS]\n"
    "\n"
    "Finds, for each STRUCTURE[:VARIANT]/WORKLOAD that the patterns select, the smallest memory in MiB (QEMU's -m)\n"
    "with which it passes in the exact lane, by halving what is between its image and bench.toml's memory_mib.  Not\n"
    "passed is also what takes five times as long as with all of it.\n"
    "\n"
    "Without patterns: null, pdf_open, kv_get, web_1k and db_insert_auto, on all structures but those that boot a\n"
    "whole system (linux), where one takes a minute or more.\n"
    "\n"
    "      --run RUN        only cells of this run, whose images must still be what is built; puts " MEMORY_FILE "\n"
    "                       into its folder, for `toll report`; \"latest\" is the newest\n"
    "  -j, --jobs N         so many cells at once, instead of what bench.toml says\n"
    "      --config FILE    read FILE instead of bench.toml\n"
    "  -h, --help           show this\n";

struct request {
    const char *config_path, *run, *patterns;
    uint32_t jobs;
};

enum { OPT_RUN = 256, OPT_CONFIG };

/* 0 to go on, 1 if the help was shown, -1 with an error, whose text is empty if getopt named the mistake. */
static int request_parse(struct command *command, struct request *request, struct error *error)
{
    static const struct option options[] = {{"run", required_argument, NULL, OPT_RUN},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, OPT_CONFIG},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;

    error->text[0] = '\0';
    while ((option = getopt_long(command->argc, command->argv, "j:h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (option == '?')
            return -1;
        if (option == OPT_RUN)
            request->run = command_run(command, optarg);
        else if (option == OPT_CONFIG)
            request->config_path = command_path(command, optarg);
        else if (command_number("--jobs", optarg, 1, MEMORY_JOBS_MAX, &request->jobs, error))
            return -1;
    }
    request->patterns = optind < command->argc ? command->argv[optind++] : NULL;
    if (optind < command->argc)
        return error_set(error, TOLL_USAGE, "unexpected word %s; patterns are one list, as in '*/kv_get,uni/web_1k'",
                         command->argv[optind]);
    return 0;
}

/* Whether the run has the cell's image, and not another one of that name. */
static int recorded_has(struct arena *arena, const json_t *images, const struct plan_guest *guest, bool *has,
                        struct error *error)
{
    const struct plan_cell *cell = &guest->cells[0];
    char *name =
        layout_image_name(arena, guest->structure->name, guest->variant, guest->has_servers, cell->workload->name);
    const char *recorded = json_string_value(json_object_get(images, name));

    *has = !images || recorded;
    if (recorded && strcmp(recorded, cell->image_sha256) != 0)
        return error_set(error, TOLL_USAGE,
                         "%s was rebuilt since the run (sha256 %.12s then, %.12s now): its memory is not that of the "
                         "run; make a new run",
                         name, recorded, cell->image_sha256);
    return 0;
}

static size_t cells_count(const struct plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->guest_count; i++)
        count += plan->guests[i].cell_count;
    return count;
}

/* One guest a cell: what else a whole system would run in the same boot has no part in its memory. */
static int rows_make(struct memory_run *run, const struct plan *plan, const json_t *images, bool whole,
                     struct error *error)
{
    struct plan_guest *guests = arena_alloc(run->arena, (cells_count(plan) + 1) * sizeof(*guests));

    run->rows = arena_alloc(run->arena, (cells_count(plan) + 1) * sizeof(*run->rows));
    for (size_t i = 0; i < plan->guest_count; i++) {
        for (size_t c = 0; c < plan->guests[i].cell_count; c++) {
            struct plan_guest *guest = &guests[run->count];
            bool has;

            *guest = plan->guests[i];
            guest->cells += c;
            guest->cell_count = 1;
            if (recorded_has(run->arena, images, guest, &has, error))
                return -1;
            if (has && (whole || !plan_is_batch(guest->structure)))
                run->rows[run->count++].guest = guest;
        }
    }
    return 0;
}

static int rows_print(const struct memory_run *run)
{
    int code = TOLL_OK;

    for (size_t i = 0; i < run->count; i++) {
        const struct memory_row *row = &run->rows[i];
        bool plain = strcmp(row->guest->variant, "default") == 0;

        printf("%s%s%s %s ", row->guest->structure->name, plain ? "" : ":", plain ? "" : row->guest->variant,
               row->guest->cells[0].workload->name);
        if (row->mib) {
            printf("%u MiB\n", row->mib);
        } else {
            printf("does not pass with %u MiB: %s\n", row->trials[0].mib, row->trials[0].reason);
            code = TOLL_GUEST;
        }
    }
    return code;
}

/* What the patterns select; with a run, what of that the run has. */
static int rows_select(struct memory_run *run, const struct request *request, const json_t *recorded,
                       struct error *error)
{
    struct plan_options options = {.lanes = LANE_EXACT, .repetitions = 1};
    struct plan plan;

    if (plan_only_parse(run->arena, request->patterns ? request->patterns : USUAL, &options.only, error) ||
        plan_make(run->arena, run->config, &options, &plan, error) ||
        build_plan(run->arena, &plan, run->cancel, false, error) || images_identify(run->arena, &plan, error))
        return -1;
    return rows_make(run, &plan, json_object_get(recorded, "images"), request->patterns, error);
}

static int rows_store(const struct memory_run *run, const json_t *recorded, const char *folder, struct error *error)
{
    const char *name = json_string_value(json_object_get(recorded, "run"));
    struct store store = {.folder = folder, .samples = -1};
    json_t *json = memory_to_json(run->rows, run->count, name ? name : "",
                                  qemu_options(run->arena, run->config, LANE_EXACT, NULL));
    int failed = store_write_json(run->arena, &store, MEMORY_FILE, json, error);

    json_decref(json);
    return failed;
}

/* An exit code, or -1 with an error. */
static int measure(struct memory_run *run, const struct request *request, struct error *error)
{
    const char *folder = request->run ? store_find(run->arena, request->run, error) : NULL;
    json_t *recorded = folder ? store_load_json(run->arena, folder, "plan.json", error) : NULL;
    int code = TOLL_OK, failed = request->run && !recorded;

    failed = failed || rows_select(run, request, recorded, error);
    if (!failed && run->count == 0)
        fputs("toll memory: the run has none of the cells whose memory is measured\n", stderr);
    if (!failed && run->count > 0) {
        failed = memory_run(run, error);
        code = failed ? code : rows_print(run);
        failed = failed || (folder && rows_store(run, recorded, folder, error));
    }
    json_decref(recorded);
    return failed ? -1 : code;
}

int cmd_memory(struct command *command)
{
    struct request request = {.config_path = LAYOUT_CONFIG};
    struct memory_run run = {.arena = &command->arena};
    struct config config;
    struct error error;
    int result = request_parse(command, &request, &error);

    if (result > 0)
        return TOLL_OK;
    if (result < 0 && !*error.text)
        return command_usage(command);
    if (result || config_load(&command->arena, request.config_path, &config, &error))
        return command_fail(command, &error);
    run.config = &config;
    run.cancel = process_catch_signals();
    run.jobs = request.jobs ? request.jobs : config.jobs;
    run.jobs = run.jobs < MEMORY_JOBS_MAX ? run.jobs : MEMORY_JOBS_MAX;
    result = measure(&run, &request, &error);
    return result < 0 ? command_fail(command, &error) : result;
}

/* SPDX-License-Identifier: MIT */
/*
 * cmd_memory.c: `toll memory`: the smallest memory with which workloads pass, found by halving.
 */
#include "build.h"
#include "command.h"
#include "config.h"
#include "file.h"
#include "guest.h"
#include "images.h"
#include "layout.h"
#include "process.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_S 60

static const char usage[] =
    "usage: toll memory PATTERNS [OPTION...]\n"
    "\n"
    "Finds, for each STRUCTURE[:VARIANT]/WORKLOAD that the patterns select, the smallest memory in MiB (QEMU's -m) "
    "with\n"
    "which it passes in the exact lane, by halving what is between too little and bench.toml's memory_mib.  A system\n"
    "that boots all its workloads at once (linux) is given those that are selected.\n"
    "\n"
    "      --timeout S      give a guest up after S seconds (60)\n"
    "      --config FILE    read FILE instead of bench.toml\n"
    "  -h, --help           show this\n";

struct request {
    const char *config_path;
    uint32_t timeout_s;
};

struct trial {
    struct command *command;
    struct guest_context context;
    const struct plan_guest *guest;
};

enum { OPT_TIMEOUT = 256, OPT_CONFIG };

/* 0 to go on, 1 if the help was shown, -1 with an error, whose text is empty if getopt named the mistake. */
static int request_parse(struct command *command, struct request *request, struct error *error)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, OPT_TIMEOUT},
                                            {"config", required_argument, NULL, OPT_CONFIG},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;

    error->text[0] = '\0';
    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (option == '?')
            return -1;
        if (option == OPT_CONFIG)
            request->config_path = command_path(command, optarg);
        else
            request->timeout_s = (uint32_t)strtoul(optarg, NULL, 10);
    }
    if (request->timeout_s == 0 || request->timeout_s > 86400)
        return error_set(error, TOLL_USAGE, "--timeout: expected a whole number of seconds from 1 to 86400");
    if (optind + 1 != command->argc)
        return error_set(error, TOLL_USAGE, "expected one list of patterns, as in uni/kv_get or */kv_get,*/web_1k");
    return 0;
}

/* 1: all its cells passed with so much memory; 0: not; -1 with an error. */
static int passes(const struct trial *trial, uint32_t mib, struct error *error)
{
    struct config_structure structure = *trial->guest->structure;
    struct plan_guest guest = *trial->guest;
    struct arena arena = {0};
    struct sample *samples = arena_alloc(&arena, guest.cell_count * sizeof(*samples));
    int result;

    structure.memory_mib = mib;
    guest.structure = &structure;
    result = guest_run(&arena, &trial->context, &guest, samples, error);
    if (result == 1)
        result = error_set(error, TOLL_INTERRUPTED, "interrupted");
    if (result == 0) {
        result = 1;
        for (size_t i = 0; i < guest.cell_count; i++)
            result &= strcmp(samples[i].status, "ok") == 0;
        fprintf(stderr, "%s with %u MiB: %s\n", plan_guest_name(&arena, &guest), mib,
                result ? "passes" : samples[0].reason);
    }
    arena_free(&arena);
    return result;
}

/* Prints the guest's line. */
static int guest_bisect(const struct trial *trial, struct error *error)
{
    const struct plan_guest *guest = trial->guest;
    bool plain = strcmp(guest->variant, "default") == 0;
    uint32_t low = 0, high = guest->structure->memory_mib; /* too little; enough */
    int result = passes(trial, high, error);

    if (result == 0)
        return error_set(error, TOLL_GUEST, "%s does not pass with its %u MiB either",
                         plan_guest_name(&trial->command->arena, guest), high);
    while (result >= 0 && high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        result = passes(trial, middle, error);
        if (result > 0)
            high = middle;
        else
            low = middle;
    }
    if (result < 0)
        return -1;
    printf("%s%s%s %s %u MiB\n", guest->structure->name, plain ? "" : ":", plain ? "" : guest->variant,
           plan_guest_workload(guest), high);
    fflush(stdout);
    return 0;
}

static int measure(struct trial *trial, struct plan *plan, struct error *error)
{
    const char *base = getenv("TMPDIR");
    char *folder = arena_print(&trial->command->arena, "%s/toll-memory-XXXXXX", base && *base ? base : "/tmp");
    int failed = 0;

    trial->context.cancel = process_catch_signals();
    if (build_plan(&trial->command->arena, plan, trial->context.cancel, false, error) ||
        images_identify(&trial->command->arena, plan, error))
        return -1;
    if (!mkdtemp(folder) || mkdir(arena_print(&trial->command->arena, "%s/serial", folder), 0700))
        return file_error(error, "create the folder", folder);
    trial->context.run_folder = trial->context.temporary = folder;
    trial->context.run_name = "memory";
    for (size_t i = 0; i < plan->guest_count && !failed; i++) {
        trial->guest = &plan->guests[i];
        failed = guest_bisect(trial, error);
    }
    file_remove_tree(folder);
    return failed;
}

int cmd_memory(struct command *command)
{
    struct request request = {LAYOUT_CONFIG, TIMEOUT_S};
    struct plan_options options = {.lanes = LANE_EXACT, .repetitions = 1};
    struct trial trial = {.command = command};
    struct config config;
    struct error error;
    struct plan plan;
    int result = request_parse(command, &request, &error);

    if (result > 0)
        return TOLL_OK;
    if (result < 0 && !*error.text)
        return command_usage(command);
    options.timeout_s = request.timeout_s;
    trial.context.config = &config;
    if (result || plan_only_parse(&command->arena, command->argv[optind], &options.only, &error) ||
        config_load(&command->arena, request.config_path, &config, &error) ||
        plan_make(&command->arena, &config, &options, &plan, &error) || measure(&trial, &plan, &error))
        return command_fail(command, &error);
    return TOLL_OK;
}

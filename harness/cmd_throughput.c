/* SPDX-License-Identifier: MIT */
/*
 * cmd_throughput.c: `toll throughput`: requests a second of the servers in each structure and in the Linux guest, by
 * the load generators that papers use.
 */
#include "backend.h"
#include "build.h"
#include "command.h"
#include "file.h"
#include "images.h"
#include "layout.h"
#include "probe.h"
#include "process.h"
#include "scratch.h"
#include "store.h"
#include "throughput.h"
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_DEFAULT 5
#define SECONDS_DEFAULT 2
#define CONNECTIONS_TAP 30  /* as in the papers that are named */
#define CONNECTIONS_USER 16 /* more, at once, do not all get through QEMU's own network */

static const char usage[] =
    "usage: toll throughput [OPTION...] [RUN]\n"
    "\n"
    "Measures how many requests a second real clients (redis-benchmark, wrk, ab; toll's own where they are not\n"
    "installed) get from the key-value store and the web server in each structure, and in the Linux guest, under one\n"
    "accelerator and with one kind of network.  Guests are booted in rounds, each in an order of its own.  What is\n"
    "measured goes to rates.jsonl in a folder of its own, or of RUN if its images are those that are built now;\n"
    "`toll report` shows it.\n"
    "\n"
    "      --only PATTERNS    these STRUCTURE[:VARIANT]/WORKLOAD, of kv_get and web_612\n"
    "      --rounds N         boots of each (5)\n"
    "      --seconds S        of each measurement (2)\n"
    "      --connections N    of each client (30; 16 with the network \"user\")\n"
    "      --network WAY      user, tap or auto, instead of bench.toml's\n"
    "      --accel WAY        kvm or tcg (kvm where it works)\n"
    "  -o, --output DIR       the folder, which must not hold a run\n"
    "      --config FILE      read FILE instead of bench.toml\n"
    "  -h, --help             show this\n";

struct request {
    const char *config_path, *output, *into, *accel;
    struct strings only;
    uint32_t rounds, seconds, connections;
    enum config_network network;
    bool network_given;
};

enum { OPT_ONLY = 256, OPT_ROUNDS, OPT_SECONDS, OPT_CONNECTIONS, OPT_NETWORK, OPT_ACCEL, OPT_CONFIG };

static int option_take(struct command *command, struct request *request, int option, struct error *error)
{
    switch (option) {
    case OPT_ONLY:
        return plan_only_parse(&command->arena, optarg, &request->only, error);
    case OPT_ROUNDS:
        return command_number("--rounds", optarg, 1, 1000, &request->rounds, error);
    case OPT_SECONDS:
        return command_number("--seconds", optarg, 1, 3600, &request->seconds, error);
    case OPT_CONNECTIONS:
        return command_number("--connections", optarg, 1, 1000, &request->connections, error);
    case OPT_NETWORK:
        request->network_given = true;
        return backend_parse("--network", optarg, &request->network, error);
    case OPT_ACCEL:
        request->accel = optarg;
        if (strcmp(optarg, "kvm") != 0 && strcmp(optarg, "tcg") != 0)
            return error_set(error, TOLL_USAGE, "--accel %s: expected kvm or tcg", optarg);
        return 0;
    case OPT_CONFIG:
        request->config_path = command_path(command, optarg);
        return 0;
    default:
        request->output = command_path(command, optarg);
        return 0;
    }
}

/* 0 to go on, 1 if the help was shown, -1 with an error, whose text is empty if getopt named the mistake. */
static int request_parse(struct command *command, struct request *request, struct error *error)
{
    static const struct option options[] = {{"only", required_argument, NULL, OPT_ONLY},
                                            {"rounds", required_argument, NULL, OPT_ROUNDS},
                                            {"seconds", required_argument, NULL, OPT_SECONDS},
                                            {"connections", required_argument, NULL, OPT_CONNECTIONS},
                                            {"network", required_argument, NULL, OPT_NETWORK},
                                            {"accel", required_argument, NULL, OPT_ACCEL},
                                            {"output", required_argument, NULL, 'o'},
                                            {"config", required_argument, NULL, OPT_CONFIG},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, failed = 0;

    while (!failed && (option = getopt_long(command->argc, command->argv, "o:h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? -1 : 1;
        if (option == '?')
            return error_set(error, TOLL_USAGE, "%s", "");
        failed = option_take(command, request, option, error);
    }
    if (failed || optind == command->argc)
        return failed;
    if (optind + 1 < command->argc)
        return error_set(error, TOLL_USAGE, "unexpected word %s; expected one run at most", command->argv[optind + 1]);
    if (request->output)
        return error_set(error, TOLL_USAGE, "a run and -o exclude each other");
    request->into = store_find(&command->arena, command_run(command, command->argv[optind]), error);
    return request->into ? 0 : -1;
}

/* Every structure as it is, Linux in all its variants, and the second row that shows what is noise. */
static void only_default(struct arena *arena, const struct config *config, struct strings *only)
{
    for (size_t s = 0; s < config->structure_count; s++) {
        const struct config_structure *structure = &config->structures[s];

        for (size_t v = 0; v < structure->variant_count; v++) {
            const char *variant = structure->variants[v].name;

            if (plan_is_batch(structure) || strcmp(variant, "default") == 0 || strcmp(variant, CONFIG_TWIN) == 0)
                strings_print(arena, only, "%s:%s/*", structure->name, variant);
        }
    }
}

static int plan_all(struct arena *arena, const struct request *request, struct config *config, struct plan *plan,
                    struct error *error)
{
    struct plan_options options = {
        .only = request->only, .lanes = LANE_TIME, .repetitions = request->rounds, .servers = true};

    if (config_load(arena, request->config_path, config, error))
        return -1;
    throughput_reduce(config);
    if (config->workload_count == 0)
        return error_set(error, TOLL_USAGE, "%s has none of the stanzas kv_get and web_612, with their tables load",
                         config->path);
    if (options.only.count == 0)
        only_default(arena, config, &options.only);
    return plan_make(arena, config, &options, plan, error);
}

/* Under which accelerator; *kvm_cpu stays NULL for emulation. */
static int accelerator_choose(struct arena *arena, const struct request *request, int cancel, struct probe *probe,
                              const char **kvm_cpu, struct error *error)
{
    if (probe_run(arena, cancel, probe, error))
        return -1;
    *kvm_cpu = NULL;
    if (request->accel && strcmp(request->accel, "tcg") == 0)
        return 0;
    if (probe->kind == PROBE_KVM) {
        *kvm_cpu = probe->kvm_cpu;
        return 0;
    }
    if (request->accel)
        return error_set(error, TOLL_HOST, "%s; --accel tcg measures under emulation", probe->reason);
    fprintf(stderr, "under emulation (%s): these rates are of no hardware; compare their ratios\n", probe->reason);
    return 0;
}

static int rates_open(struct arena *arena, const char *folder, struct error *error)
{
    const char *path = arena_print(arena, "%s/" RATES_FILE, folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    return fd < 0 ? file_error(error, "create", path) : fd;
}

/* What was measured before an interruption stays, and is derived. */
static int rounds_run(struct arena *arena, struct throughput *throughput, const struct store *store,
                      struct error *error)
{
    struct error derive_error;
    char *temporary = scratch_make(arena, "throughput-", error);
    int failed;

    if (!temporary)
        return -1;
    throughput->temporary = temporary;
    throughput->run = store_run_name(arena, store->folder);
    throughput->out = rates_open(arena, store->folder, error);
    failed = throughput->out < 0 || throughput_run(arena, throughput, error);
    if (throughput->out >= 0)
        close(throughput->out);
    scratch_remove(temporary);
    if (throughput_derive(arena, store->folder, &derive_error) && !failed) {
        *error = derive_error;
        failed = -1;
    }
    puts(store->folder);
    return failed ? -1 : 0;
}

static int measure(struct command *command, const struct request *request, struct throughput *throughput,
                   struct plan *plan, struct error *error)
{
    struct arena *arena = &command->arena;
    struct store store = {.samples = -1};
    struct probe probe;
    int failed;

    throughput->cancel = process_catch_signals();
    if (build_plan(arena, plan, throughput->cancel, false, error) ||
        accelerator_choose(arena, request, throughput->cancel, &probe, &throughput->kvm_cpu, error) ||
        images_identify(arena, plan, error))
        return -1;
    failed = request->into ? throughput_join(arena, request->into, plan, &probe, throughput->cancel, &store, error)
                           : throughput_folder(arena, request->output, plan, &probe, throughput->cancel, &store, error);
    failed = failed || rounds_run(arena, throughput, &store, error);
    store_close(&store);
    if (!failed && throughput->failed)
        return error_set(error, TOLL_GUEST, "%zu measurements failed; toll report %s tells the reasons",
                         throughput->failed, store.folder);
    return failed ? -1 : 0;
}

/* The network of all guests, and so many connections as it takes. */
static int network_choose(const struct request *request, const struct config *config, struct throughput *throughput,
                          struct error *error)
{
    enum config_network asked = request->network_given ? request->network : config->network;
    struct tap tap;

    throughput->network = backend_choose(asked);
    if (asked == CONFIG_NETWORK_TAP) {
        if (tap_open(&tap, error))
            return -1;
        tap_close(&tap);
    }
    if (asked == CONFIG_NETWORK_AUTO)
        fprintf(stderr, "network: %s\n", backend_name(throughput->network));
    throughput->connections = request->connections                        ? request->connections
                              : throughput->network == CONFIG_NETWORK_TAP ? CONNECTIONS_TAP
                                                                          : CONNECTIONS_USER;
    throughput->seconds = request->seconds;
    return 0;
}

int cmd_throughput(struct command *command)
{
    struct request request = {.config_path = LAYOUT_CONFIG, .rounds = ROUNDS_DEFAULT, .seconds = SECONDS_DEFAULT};
    struct throughput throughput = {.cancel = -1, .out = -1};
    struct config config;
    struct plan plan;
    struct error error;
    int result = request_parse(command, &request, &error);

    if (result > 0)
        return TOLL_OK;
    if (result < 0 && !*error.text)
        return command_usage(command);
    throughput.config = &config;
    throughput.plan = &plan;
    if (result < 0 || plan_all(&command->arena, &request, &config, &plan, &error) ||
        network_choose(&request, &config, &throughput, &error) ||
        measure(command, &request, &throughput, &plan, &error))
        return command_fail(command, &error);
    return TOLL_OK;
}

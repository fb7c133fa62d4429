/* SPDX-License-Identifier: MIT */
/*
 * cmd_boot.c: `toll boot`: boot latency from the start of QEMU's process to the guest's ready line, in its parts.
 * hyperfine calls `toll boot --once STAGE` for each stage in turn.
 */
#include "backend.h"
#include "boot.h"
#include "build.h"
#include "command.h"
#include "file.h"
#include "layout.h"
#include "probe.h"
#include "process.h"
#include "sample.h"
#include "scratch.h"
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS_DEFAULT 20
#define MS 1000.0

static const char usage[] =
    "usage: toll boot [OPTION...]\n"
    "\n"
    "Measures with hyperfine how long a boot takes, from the start of QEMU to the guest's ready line, and what of "
    "that\n"
    "is QEMU's (until the machine is made), the firmware's (until the kernel's first instruction) and the kernel's\n"
    "(until main()).\n"
    "\n"
    "      --only PATTERNS  these STRUCTURE[:VARIANT]/WORKLOAD (*:default/null)\n"
    "      --accel WAY      kvm (the default), or tcg: emulated, whose times are not those of any hardware\n"
    "      --runs N         boots of each stage (20)\n"
    "      --json           as JSON, with every time that was measured\n"
    "      --config FILE    read FILE instead of bench.toml\n"
    "  -h, --help           show this\n";

struct request {
    struct plan_options options;
    const char *config_path, *once, *folder;
    uint32_t runs;
    bool emulated, json;
};

enum { OPT_ONLY = 256, OPT_ACCEL, OPT_RUNS, OPT_JSON, OPT_CONFIG, OPT_ONCE, OPT_FOLDER };

static int option_take(struct command *command, struct request *request, int option, struct error *error)
{
    switch (option) {
    case OPT_ONLY:
        return plan_only_parse(&command->arena, optarg, &request->options.only, error);
    case OPT_ACCEL:
        request->emulated = strcmp(optarg, "tcg") == 0;
        if (!request->emulated && strcmp(optarg, "kvm") != 0)
            return error_set(error, TOLL_USAGE, "--accel %s: expected kvm or tcg", optarg);
        return 0;
    case OPT_RUNS:
        return command_number("--runs", optarg, 2, 10000, &request->runs, error);
    case OPT_JSON:
        request->json = true;
        return 0;
    case OPT_CONFIG:
        request->config_path = command_path(command, optarg);
        return 0;
    case OPT_ONCE:
        request->once = optarg;
        return 0;
    default:
        request->folder = optarg;
        return 0;
    }
}

/* 0 to go on, 1 if the help was shown, -1 with an error, whose text is empty if getopt named the mistake. */
static int request_parse(struct command *command, struct request *request, struct error *error)
{
    static const struct option options[] = {{"only", required_argument, NULL, OPT_ONLY},
                                            {"accel", required_argument, NULL, OPT_ACCEL},
                                            {"runs", required_argument, NULL, OPT_RUNS},
                                            {"json", no_argument, NULL, OPT_JSON},
                                            {"config", required_argument, NULL, OPT_CONFIG},
                                            {"once", required_argument, NULL, OPT_ONCE},
                                            {"folder", required_argument, NULL, OPT_FOLDER},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, failed = 0;

    while (!failed && (option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? -1 : 1;
        if (option == '?')
            return error_set(error, TOLL_USAGE, "%s", "");
        failed = option_take(command, request, option, error);
    }
    if (!failed && optind < command->argc)
        failed = error_set(error, TOLL_USAGE, "unexpected word %s; what to boot is selected by --only",
                           command->argv[optind]);
    if (!failed && request->options.only.count == 0)
        strings_add(&command->arena, &request->options.only, "*:default/null");
    return failed;
}

/* For hyperfine: one boot to one stage. */
static int once_run(struct command *command, const struct request *request, struct boot *boot, struct error *error)
{
    for (size_t s = 0; s < BOOT_STAGES && request->folder; s++) {
        if (strcmp(request->once, boot_stage_names[s]) == 0)
            return boot_until(&command->arena, boot, (enum boot_stage)s, error);
    }
    return error_set(error, TOLL_USAGE,
                     "--once %s: expected none, qemu, entry or ready, and --folder; it is for hyperfine, leave it out",
                     request->once);
}

static const char *own_path(struct arena *arena)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[n > 0 ? n : 0] = '\0';
    return arena_copy(arena, path);
}

/* hyperfine splits a command at blanks as a shell does. */
static void command_add(struct arena *arena, struct strings *argv, const struct request *request,
                        const struct boot *boot, enum boot_stage stage)
{
    strings_print(arena, argv, "'%s' boot --once %s --folder '%s' --config '%s' --accel %s --only '%s:%s/%s'",
                  own_path(arena), boot_stage_names[stage], boot->folder, boot->config->path,
                  request->emulated ? "tcg" : "kvm", boot->guest->structure->name, boot->guest->variant,
                  boot->guest->cells[0].workload->name);
}

static int hyperfine_run(struct command *command, const struct request *request, const struct boot *boot, json_t **json,
                         struct error *error)
{
    struct arena *arena = &command->arena;
    const char *const words[] = {"hyperfine", "-N", "--style", "none", "--warmup", "1", "--export-json", NULL};
    struct process_options options = {.cancel = boot->cancel};
    char *file = arena_print(arena, "%s/times.json", boot->folder), *text;
    struct strings argv = {0};
    struct process_end end;

    for (size_t i = 0; words[i]; i++)
        strings_add(arena, &argv, words[i]);
    strings_add(arena, &argv, file);
    strings_add(arena, &argv, "--runs");
    strings_print(arena, &argv, "%u", (unsigned)request->runs);
    strings_add(arena, &argv, "--prepare");
    strings_print(arena, &argv, "cp " LAYOUT_DISK " '%s/disk.img'", boot->folder);
    for (enum boot_stage stage = 0; stage < BOOT_STAGES; stage++)
        command_add(arena, &argv, request, boot, stage);
    text = process_capture(arena, argv.items, &options, &end, error);
    if (!text)
        return -1;
    if (end.outcome == PROCESS_INTERRUPTED)
        return error_set(error, TOLL_INTERRUPTED, "interrupted");
    if (end.outcome != PROCESS_EXITED || end.value != 0)
        return error_set(error, TOLL_GUEST, "hyperfine did not measure %s (%s): %s",
                         plan_guest_name(arena, boot->guest), process_explain(arena, &end), text);
    *json = json_load_file(file, 0, NULL);
    return *json ? 0 : error_set(error, TOLL_HOST, "hyperfine left no times in %s", file);
}

static const struct {
    enum boot_stage stage;
    const char *name;
} parts[] = {{BOOT_QEMU, "qemu"}, {BOOT_ENTRY, "firmware"}, {BOOT_READY, "kernel"}, {BOOT_NONE, "all"}};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void row_print(const struct plan_guest *guest, const struct boot_times *times)
{
    bool plain = strcmp(guest->variant, "default") == 0;
    char name[128];

    snprintf(name, sizeof(name), "%s%s%s", guest->structure->name, plain ? "" : " ", plain ? "" : guest->variant);
    printf("%-16s %-24s", guest->cells[0].workload->name, name);
    for (size_t i = 0; i < PARTS; i++) {
        struct stats_shift part = boot_part(times, parts[i].stage);

        printf(" %8.2f +- %-6.2f", MS * part.shift, MS * (part.range.hi - part.range.lo) / 2);
    }
    putchar('\n');
    fflush(stdout);
}

static json_t *row_to_json(const struct plan_guest *guest, const struct boot_times *times, const json_t *raw)
{
    json_t *row = json_pack("{ss ss ss}", "structure", guest->structure->name, "variant", guest->variant, "workload",
                            guest->cells[0].workload->name),
           *stages = json_object(), *split = json_object();

    for (size_t i = 0; i < PARTS; i++) {
        struct stats_shift part = boot_part(times, parts[i].stage);

        json_object_set_new(
            split, parts[i].name,
            json_pack("{sf sf sf}", "ms", MS * part.shift, "lo", MS * part.range.lo, "hi", MS * part.range.hi));
    }
    for (size_t s = 0; s < BOOT_STAGES; s++)
        json_object_set(stages, boot_stage_names[s],
                        json_object_get(json_array_get(json_object_get(raw, "results"), s), "times"));
    json_object_set_new(row, "parts", split);
    json_object_set_new(row, "seconds", stages);
    return row;
}

static int guest_measure(struct command *command, const struct request *request, const struct boot *boot, json_t *rows,
                         struct error *error)
{
    struct boot_times times;
    json_t *raw = NULL;
    int failed =
        hyperfine_run(command, request, boot, &raw, error) || boot_times_read(&command->arena, raw, &times, error);

    if (!failed && request->json)
        json_array_append_new(rows, row_to_json(boot->guest, &times, raw));
    else if (!failed)
        row_print(boot->guest, &times);
    json_decref(raw);
    return failed ? -1 : 0;
}

static void heading_print(const struct request *request)
{
    printf("boot latency in ms, medians with half their 95 %% interval, of %u boots to each stage, %s\n", request->runs,
           request->emulated ? "under emulation (TCG): not the times of any hardware" : "under KVM");
    printf("%-16s %-24s", "workload", "structure");
    for (size_t i = 0; i < PARTS; i++)
        printf(" %8s %9s", parts[i].name, "");
    putchar('\n');
}

static int guests_measure(struct command *command, const struct request *request, const struct plan *plan,
                          struct boot *boot, struct error *error)
{
    json_t *rows = json_array(), *json;
    int failed = 0;

    if (!request->json)
        heading_print(request);
    for (size_t i = 0; i < plan->guest_count && !failed; i++) {
        boot->guest = &plan->guests[i];
        fprintf(stderr, "[%zu/%zu] %s\n", i + 1, plan->guest_count, plan_guest_name(&command->arena, &plan->guests[i]));
        failed = guest_measure(command, request, boot, rows, error);
    }
    json = json_pack("{ss ss si so}", "schema", SAMPLE_SCHEMA, "accel", request->emulated ? "tcg" : "kvm", "runs",
                     (int)request->runs, "boots", rows);
    if (request->json && !failed) {
        json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    json_decref(json);
    return failed;
}

/* The probe decides whether there is a KVM to boot under; hyperfine's calls rely on that. */
static int kvm_find(struct command *command, struct boot *boot, struct error *error)
{
    struct probe probe;

    if (probe_run(&command->arena, boot->cancel, &probe, error))
        return -1;
    boot->kvm_cpu = probe.kvm_cpu;
    if (probe.kind != PROBE_KVM)
        return error_set(error, TOLL_HOST, "%s; --accel tcg boots under emulation", probe.reason);
    setenv("TOLL_KVM_CPU", probe.kvm_cpu, 1);
    return 0;
}

static int measure(struct command *command, const struct request *request, struct boot *boot, const struct plan *plan,
                   struct error *error)
{
    char *folder;
    int failed;

    boot->cancel = process_catch_signals();
    if (build_plan(&command->arena, plan, boot->cancel, false, error) ||
        (!request->emulated && kvm_find(command, boot, error)))
        return -1;
    folder = scratch_make(&command->arena, "boot-", error);
    if (!folder)
        return -1;
    boot->folder = folder;
    failed = guests_measure(command, request, plan, boot, error);
    scratch_remove(folder);
    return failed;
}

int cmd_boot(struct command *command)
{
    struct request request = {.config_path = LAYOUT_CONFIG, .runs = RUNS_DEFAULT};
    struct boot boot = {.cancel = -1};
    struct config config;
    struct error error;
    struct plan plan;
    int result = request_parse(command, &request, &error);

    if (result > 0)
        return TOLL_OK;
    if (result < 0 && !*error.text)
        return command_usage(command);
    request.options.lanes = LANE_TIME;
    request.options.repetitions = 1;
    request.options.servers = true;
    boot.config = &config;
    if (result || config_load(&command->arena, request.config_path, &config, &error) ||
        plan_make(&command->arena, &config, &request.options, &plan, &error))
        return command_fail(command, &error);
    boot.network = backend_choose(config.network);
    if (!request.once)
        return measure(command, &request, &boot, &plan, &error) ? command_fail(command, &error) : TOLL_OK;
    boot.guest = plan.guests;
    boot.folder = request.folder;
    if (!request.emulated)
        boot.kvm_cpu = getenv("TOLL_KVM_CPU") ? getenv("TOLL_KVM_CPU") : "host";
    return once_run(command, &request, &boot, &error) ? command_fail(command, &error) : TOLL_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * cmd_calibrate.c: `toll calibrate`: measures unit costs on this host and writes them as a profile.  What ring 3 can
 * measure natively runs everywhere; the rest needs a KVM that works and is skipped, with the reason, where there is
 * none.
 */
#include "build.h"
#include "calibrate.h"
#include "command.h"
#include "file.h"
#include "host.h"
#include "layout.h"
#include "probe.h"
#include "process.h"
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define BASE_DEFAULT "skylake-client"

static const char usage[] =
    "usage: toll calibrate [OPTION...]\n"
    "\n"
    "Measures what crossings, cache misses and TLB misses cost on this host, and writes a profile.\n"
    "\n"
    "      --name NAME   of the profile (host); it becomes " PROFILE_HOST_FOLDER "/NAME.toml\n"
    "  -o, --output FILE write it there instead; NAME is then the file's\n"
    "      --base NAME   the profile whose figures stand where nothing is measured (" BASE_DEFAULT ")\n"
    "      --native      only what a process in ring 3 can measure, without KVM\n"
    "      --run RUN     take cycles of an instruction from this run, which must have both lanes\n"
    "      --json        what was measured, as JSON\n"
    "  -h, --help        show this\n";

struct request {
    const char *name, *output, *base, *run;
    bool native_only, json;
};

/* FOLDER/NAME.toml is called NAME. */
static const char *name_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

    return arena_copy_n(arena, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static int request_parse(struct command *command, struct request *request)
{
    static const struct option options[] = {
        {"name", required_argument, NULL, 'N'}, {"output", required_argument, NULL, 'o'},
        {"base", required_argument, NULL, 'b'}, {"native", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},       {"run", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},       {0}};
    int option;

    while ((option = getopt_long(command->argc, command->argv, "o:h", options, NULL)) != -1) {
        if (option == 'N')
            request->name = optarg;
        else if (option == 'o')
            request->output = command_path(command, optarg);
        else if (option == 'b')
            request->base = strchr(optarg, '/') ? command_path(command, optarg) : optarg;
        else if (option == 'n')
            request->native_only = true;
        else if (option == 'r')
            request->run = command_run(command, optarg);
        else if (option == 'j')
            request->json = true;
        else
            return option == 'h' ? 1 : -1;
    }
    if (optind < command->argc)
        return -1;
    if (request->output)
        request->name = name_of(&command->arena, request->output);
    else
        request->output = arena_print(&command->arena, PROFILE_HOST_FOLDER "/%s.toml", request->name);
    return 0;
}

static int guest_build(struct command *command, int cancel, struct error *error)
{
    struct strings files = {0};

    if (!file_exists(LAYOUT_PROBE))
        strings_add(&command->arena, &files, LAYOUT_PROBE);
    if (!file_exists(LAYOUT_CALIBRATE))
        strings_add(&command->arena, &files, LAYOUT_CALIBRATE);
    if (files.count == 0)
        return 0;
    return build_files(&command->arena, &files, cancel, false, error);
}

/* *skipped: why nothing was measured under KVM, or NULL. */
static int kvm_measure(struct command *command, const struct request *request, struct calibrate *calibrate,
                       const char **skipped, struct error *error)
{
    struct probe probe;
    int cancel;

    *skipped = "--native was given";
    if (request->native_only)
        return 0;
    probe_quick(&command->arena, &probe);
    *skipped = probe.reason;
    if (probe.kind == PROBE_NO_KVM)
        return 0;
    cancel = process_catch_signals();
    if (guest_build(command, cancel, error) || probe_run(&command->arena, cancel, &probe, error))
        return -1;
    *skipped = probe.reason;
    if (probe.kind != PROBE_KVM)
        return 0;
    *skipped = NULL;
    fprintf(stderr, "measuring under KVM\n");
    return calibrate_kvm(&command->arena, probe.kvm_cpu, cancel, calibrate, error);
}

/* The instruction's cycles come last, since all other prices are subtracted. */
static int run_apply(struct arena *arena, const struct request *request, struct calibrate *calibrate,
                     struct profile *profile, struct error *error)
{
    const char *folder = request->run ? store_find(arena, request->run, error) : NULL;
    struct profile before = *profile;
    struct results results;

    if (!request->run)
        return 0;
    if (!folder || results_load(arena, folder, &results, error))
        return -1;
    calibrate_cpi(arena, &results, profile, calibrate);
    calibrate_apply(arena, calibrate, &before, request->name, profile);
    results_close(&results);
    return 0;
}

static void text_print(const struct calibrate *calibrate)
{
    printf("%-15s %-9s %12s %12s %12s %7s  %s\n", "unit", "where", "cycles", "lo", "hi", "rounds", "what was done");
    for (size_t i = 0; i < calibrate->count; i++) {
        const struct calibrate_value *v = &calibrate->values[i];

        printf("%-15s %-9s ", v->name, v->native ? "native" : "KVM");
        if (v->reason)
            printf("not measured: %s\n", v->reason);
        else
            printf("%12.2f %12.2f %12.2f %7zu  %s\n", v->cycles, v->lo, v->hi, v->n, v->how);
    }
}

static void json_print(const struct calibrate *calibrate, const char *path, const char *skipped)
{
    json_t *list = json_array(), *json;

    for (size_t i = 0; i < calibrate->count; i++) {
        const struct calibrate_value *v = &calibrate->values[i];
        json_t *item = json_pack("{ss ss ss}", "name", v->name, "where", v->native ? "native" : "kvm", "how", v->how);

        if (v->reason)
            json_object_set_new(item, "reason", json_string(v->reason));
        else
            json_object_update_new(
                item, json_pack("{sf sf sf si}", "cycles", v->cycles, "lo", v->lo, "hi", v->hi, "rounds", (int)v->n));
        json_array_append_new(list, item);
    }
    json = json_pack("{ss so so}", "profile", path, "values", list, "kvm_skipped",
                     skipped ? json_string(skipped) : json_null());
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(json);
}

static int calibrate(struct command *command, const struct request *request, struct error *error)
{
    struct calibrate calibrate = {0};
    struct profile base, out;
    const char *path = profile_find(&command->arena, request->base, error), *skipped;

    if (!path || profile_load(&command->arena, path, &base, error))
        return -1;
    calibrate_sizes(&command->arena, &base);
    fprintf(stderr, "measuring natively\n");
    calibrate_native(&command->arena, &base, &calibrate);
    if (kvm_measure(command, request, &calibrate, &skipped, error))
        return -1;
    calibrate_apply(&command->arena, &calibrate, &base, request->name, &out);
    if (run_apply(&command->arena, request, &calibrate, &out, error))
        return -1;
    out.what = arena_print(&command->arena, "%s, calibrated %s; what was not measured is that of %s",
                           host_cpu(&command->arena), skipped ? "natively" : "natively and under KVM", base.name);
    if (profile_save(&command->arena, request->output, &out, error))
        return -1;
    if (request->json)
        json_print(&calibrate, request->output, skipped);
    else
        text_print(&calibrate);
    if (skipped)
        fprintf(stderr, "not measured under KVM: %s\n", skipped);
    fprintf(stderr, "profile: %s\n", request->output);
    return 0;
}

int cmd_calibrate(struct command *command)
{
    struct request request = {.name = "host", .base = BASE_DEFAULT};
    struct error error;
    int outcome = request_parse(command, &request);

    if (outcome > 0)
        return fputs(usage, stdout) < 0;
    if (outcome < 0)
        return optind < command->argc ? command_surplus(command) : command_usage(command);
    return file_name_check(request.name, &error) || calibrate(command, &request, &error) ? command_fail(command, &error)
                                                                                         : TOLL_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * cmd_doctor.c: `toll doctor`: what kind of host this is, which lanes run here, and what could be done about it.
 */
#include "build.h"
#include "command.h"
#include "doctor.h"
#include "file.h"
#include "host.h"
#include "layout.h"
#include "process.h"
#include "tune.h"
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: toll doctor [--json] [--restore]\n"
                            "\n"
                            "Says what kind of host this is, which lanes run on it and why, and what would help.\n"
                            "\n"
                            "      --json     as JSON\n"
                            "      --restore  put back what a toll that was ended left changed (governor, turbo)\n"
                            "  -h, --help     show this\n";

static const char *const lanes[] = {
    [PROBE_UNKNOWN] = "not known",
    [PROBE_KVM] = "exact lane (counts) and time lane (cycles)",
    [PROBE_NO_KVM] = "exact lane (counts) only",
    [PROBE_BROKEN] = "exact lane (counts) only",
};

/* What the doctor found; one line each, and a line for what would help. */
static void findings_print(const struct finding *findings, size_t count)
{
    putchar('\n');
    for (size_t i = 0; i < count; i++) {
        printf("%-8s %-10s %s\n", doctor_state_name(findings[i].state), findings[i].name, findings[i].text);
        if (*findings[i].remedy)
            printf("%-8s %-10s > %s\n", "", "", findings[i].remedy);
    }
}

static json_t *findings_to_json(const struct finding *findings, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{ss ss ss ss}", "name", findings[i].name, "state",
                                              doctor_state_name(findings[i].state), "text", findings[i].text, "remedy",
                                              findings[i].remedy));
    return list;
}

static void text_print(const struct probe *probe, const json_t *host)
{
    static const char *const names[] = {"cpu", "kernel", "qemu", "compiler"};

    printf("host of kind %d: %s\n", probe->kind, probe->reason);
    printf("what runs here: %s\n", lanes[probe->kind]);
    if (*probe->remedy)
        printf("what would help: %s\n", probe->remedy);
    if (probe->wall_ms)
        printf("decided in: %d ms\n", (int)probe->wall_ms);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = json_string_value(json_object_get(host, names[i]));

        printf("%s: %s\n", names[i], value ? value : "not found; `make deps` installs what is missing");
    }
}

static void json_print(const struct probe *probe, json_t *host, const struct finding *findings, size_t count)
{
    json_object_set_new(host, "lanes", json_string(lanes[probe->kind]));
    json_object_set_new(host, "remedy", json_string(probe->remedy));
    json_object_set_new(host, "findings", findings_to_json(findings, count));
    json_dumpf(host, stdout, JSON_INDENT(2));
    putchar('\n');
}

/* The probe guest is built if there is a KVM to be probed. */
static int probe_prepare(struct command *command, int cancel, struct error *error)
{
    struct strings files = {0};
    struct probe quick;

    probe_quick(&command->arena, &quick);
    if (quick.kind != PROBE_UNKNOWN || file_exists(LAYOUT_PROBE))
        return 0;
    strings_add(&command->arena, &files, LAYOUT_PROBE);
    return build_files(&command->arena, &files, cancel, false, error);
}

static int tuned_restore(struct command *command, struct tune *tune)
{
    const char *pending = tune_pending(&command->arena, tune);
    struct error error;

    if (tune_restore(&command->arena, tune, &error))
        return command_fail(command, &error);
    printf("%s%s\n", pending ? "put back: " : "nothing was left changed", pending ? pending : "");
    return TOLL_OK;
}

int cmd_doctor(struct command *command)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"restore", no_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool json = false, restore = false;
    const struct finding *findings;
    struct facts facts = {0};
    size_t count;
    struct tune tune;
    struct probe probe;
    struct error error;
    json_t *host;
    int option, cancel;

    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'j')
            json = true;
        else if (option == 'r')
            restore = true;
        else if (option == 'h')
            return fputs(usage, stdout) < 0;
        else
            return command_usage(command);
    }
    if (optind < command->argc)
        return command_surplus(command);
    cancel = process_catch_signals();
    tune_init(&command->arena, &tune, tune_root());
    if (restore)
        return tuned_restore(command, &tune);
    facts_read(&command->arena, tune_root(), &facts);
    facts_try(&command->arena, cancel, &facts);
    facts.left_tuned = tune_pending(&command->arena, &tune);
    findings = doctor_judge(&command->arena, &facts, &count);
    if (probe_prepare(command, cancel, &error) || probe_run(&command->arena, cancel, &probe, &error))
        return command_fail(command, &error);
    host = host_to_json(&command->arena, &probe, cancel);
    if (json)
        json_print(&probe, host, findings, count);
    else {
        text_print(&probe, host);
        findings_print(findings, count);
    }
    json_decref(host);
    return TOLL_OK;
}

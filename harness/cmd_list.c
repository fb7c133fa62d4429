/* SPDX-License-Identifier: MIT */
/*
 * cmd_list.c: `toll list`: what there is.  Starts no program and reads only bench.toml and the results' folder names,
 * so that it answers at once.
 */
#include "command.h"
#include "config.h"
#include "file.h"
#include "layout.h"
#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: toll list [--config FILE] [--files]\n"
                            "\n"
                            "Shows structures, workloads and past runs.\n"
                            "\n"
                            "      --config FILE  read FILE instead of bench.toml\n"
                            "      --files        only the files of bench.toml that go on the disk, one a line\n"
                            "  -h, --help         show this\n";

static void structures_print(struct arena *arena, const struct config *config)
{
    puts("structures");
    for (size_t i = 0; i < config->structure_count; i++) {
        const struct config_structure *structure = &config->structures[i];
        struct strings variants = {0};

        for (size_t v = 0; v < structure->variant_count && !structure->variants[v].time_only; v++) {
            const struct config_variant *variant = &structure->variants[v];

            strings_print(arena, &variants, "%s%s%s%s", variant->name, variant->on.count ? " (on " : "",
                          strings_join(arena, &variant->on, ", "), variant->on.count ? ")" : "");
        }
        printf("  %-16s %s\n", structure->name, strings_join(arena, &variants, ", "));
    }
}

/* Structures that share a reason share a phrase. */
static void refusals_print(struct arena *arena, const struct config_workload *workload)
{
    for (size_t r = 0; r < workload->refusal_count; r++) {
        const char *reason = workload->refusals[r].reason;
        struct strings names = {0};
        bool said = false;

        for (size_t i = 0; i < workload->refusal_count; i++) {
            bool alike = strcmp(workload->refusals[i].reason, reason) == 0;

            said |= alike && i < r;
            if (alike)
                strings_add(arena, &names, workload->refusals[i].structure);
        }
        if (!said)
            printf(", not on %s: %s", strings_join(arena, &names, ", "), reason);
    }
}

static void workloads_print(struct arena *arena, const struct config *config)
{
    puts("workloads");
    for (size_t i = 0; i < config->workload_count; i++) {
        const struct config_workload *workload = &config->workloads[i];

        printf("  %-16s ops=%" PRIu64 " warm=%" PRIu64, workload->name, workload->ops, workload->warm);
        if (strcmp(workload->program, workload->name) != 0)
            printf(" program=%s", workload->program);
        if (workload->args.count)
            printf(" %s", strings_join(arena, &workload->args, " "));
        if (workload->files.count)
            printf(", %zu files", workload->files.count);
        if (workload->on.count)
            printf(", on %s", strings_join(arena, &workload->on, ", "));
        refusals_print(arena, workload);
        putchar('\n');
    }
}

static int is_run(const struct dirent *entry)
{
    char path[sizeof(LAYOUT_RESULTS) + sizeof(entry->d_name) + 16];

    snprintf(path, sizeof(path), "%s/%s/plan.json", LAYOUT_RESULTS, entry->d_name);
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "latest") != 0 && file_exists(path);
}

static void runs_print(void)
{
    struct dirent **entries;
    int count = scandir(LAYOUT_RESULTS, &entries, is_run, alphasort);

    puts(count > 0 ? "runs" : "runs: none yet; make one by `toll run`");
    for (int i = 0; i < count; i++) {
        printf("  %s\n", entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void files_print(const struct config *config)
{
    for (size_t w = 0; w < config->workload_count; w++) {
        for (size_t i = 0; i < config->workloads[w].files.count; i++)
            puts(config->workloads[w].files.items[i]);
    }
}

int cmd_list(struct command *command)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"files", no_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = LAYOUT_CONFIG;
    bool files = false;
    struct config config;
    struct error error;
    int option;

    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'c')
            path = command_path(command, optarg);
        else if (option == 'f')
            files = true;
        else if (option == 'h')
            return fputs(usage, stdout) < 0;
        else
            return command_usage(command);
    }
    if (optind < command->argc)
        return command_surplus(command);
    if (config_load(&command->arena, path, &config, &error))
        return command_fail(command, &error);
    if (files) {
        files_print(&config);
        return TOLL_OK;
    }
    structures_print(&command->arena, &config);
    workloads_print(&command->arena, &config);
    runs_print();
    return TOLL_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * command.c: what all verbs share.
 */
#include "command.h"
#include "file.h"
#include "layout.h"
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *command_path(struct command *command, const char *path)
{
    char top[4096];

    if (path[0] == '/' || !getcwd(top, sizeof(top)) || strcmp(top, command->start_folder) == 0)
        return path;
    return arena_print(&command->arena, "%s/%s", command->start_folder, path);
}

const char *command_run(struct command *command, const char *name)
{
    const char *path = name ? command_path(command, name) : NULL;

    if (!name || file_exists(arena_print(&command->arena, "%s/%s", LAYOUT_RESULTS, name)))
        return name;
    return strchr(name, '/') || file_exists(path) ? path : name;
}

int command_number(const char *option, const char *text, uint32_t low, uint32_t high, uint32_t *number,
                   struct error *error)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end || value < low || value > high)
        return error_set(error, TOLL_USAGE, "%s %s: expected a whole number from %u to %u", option, text, low, high);
    *number = (uint32_t)value;
    return 0;
}

int command_fail(const struct command *command, const struct error *error)
{
    fprintf(stderr, "toll %s: ", command->argv[0]);
    for (const char *at = error->text; *at; at++)
        fputc(iscntrl((unsigned char)*at) && *at != '\n' && *at != '\t' ? '?' : *at, stderr);
    fputc('\n', stderr);
    return error->code;
}

int command_usage(const struct command *command)
{
    fprintf(stderr, "toll %s: `toll %s --help` tells the options\n", command->argv[0], command->argv[0]);
    return TOLL_USAGE;
}

int command_surplus(const struct command *command)
{
    fprintf(stderr, "toll %s: unexpected word %s\n", command->argv[0], command->argv[optind]);
    return command_usage(command);
}

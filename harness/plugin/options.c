/* SPDX-License-Identifier: MIT */
/*
 * options.c: reads the plugin's options: words NAME=VALUE.
 */
#include "options.h"

#include <stdio.h>
#include <string.h>

/* The value of option name=value if argument is that option. */
static const char *option(const char *argument, const char *name)
{
    size_t n = strlen(name);

    return !strncmp(argument, name, n) && argument[n] == '=' ? argument + n + 1 : NULL;
}

static bool is_switch(const char *value)
{
    return !strcmp(value, "on") || !strcmp(value, "off");
}

/* The sizes of the model: l1i=... and so on. */
static bool read_size(struct options *options, const char *argument, const char **wrong)
{
    const char *equals = strchr(argument, '=');
    char name[8];

    if (!equals || (size_t)(equals - argument) >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(equals - argument), argument);
    if (!hierarchy_read_size(&options->sizes, name, equals + 1, wrong))
        return false;
    options->count.model = true;
    return true;
}

/* NULL, or what is wrong with the argument. */
static const char *read_option(struct options *options, const char *argument)
{
    const char *value, *wrong = NULL;

    if ((value = option(argument, "map")))
        options->map_path = value;
    else if ((value = option(argument, "out")))
        options->out_path = value;
    else if ((value = option(argument, "peer")))
        options->peer = value;
    else if ((value = option(argument, "idle")))
        options->idle = value;
    else if ((value = option(argument, "mmio")) && is_switch(value))
        options->count.mmio = !strcmp(value, "on");
    else if ((value = option(argument, "settle")) && is_switch(value))
        options->settle = !strcmp(value, "on");
    else if ((value = option(argument, "global")) && is_switch(value))
        options->sizes.global = !strcmp(value, "on");
    else if (!read_size(options, argument, &wrong))
        wrong =
            "expected map=FILE, out=FILE, settle=on|off, mmio=on|off, global=on|off, peer=PROCESS/THREAD, idle=FIFO "
            "or a size of the model: l1i, l1d, l2, itlb, dtlb, stlb";
    return wrong;
}

int options_read(struct options *options, int argc, char **argv)
{
    const char *wrong;

    *options = (struct options){.settle = true, .sizes.global = true};
    for (int i = 0; i < argc; i++) {
        wrong = read_option(options, argv[i]);
        if (wrong) {
            fprintf(stderr, "toll-count: %s: %s\n", argv[i], wrong);
            return -1;
        }
    }
    wrong = !options->map_path || !options->out_path ? "both map=FILE and out=FILE are needed"
            : options->count.model                   ? hierarchy_check_sizes(&options->sizes)
                                                     : NULL;
    if (wrong)
        fprintf(stderr, "toll-count: %s\n", wrong);
    return wrong ? -1 : 0;
}

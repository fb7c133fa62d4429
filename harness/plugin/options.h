/* SPDX-License-Identifier: MIT */
/*
 * options.h: the plugin's options, as plugin.c lists them.
 */
#ifndef TOLL_OPTIONS_H
#define TOLL_OPTIONS_H

#include "count.h"

struct options {
    const char *map_path, *out_path;
    const char *peer, *idle; /* settle_init's */
    bool settle;
    struct count_options count;
    struct hierarchy_sizes sizes; /* all there if count.model */
};

/* 0, or -1 after saying on stderr which option is wrong and why. */
int options_read(struct options *options, int argc, char **argv);

#endif

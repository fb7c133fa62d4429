/* SPDX-License-Identifier: MIT */
/*
 * command.h: the verbs.  Each has a file cmd_<verb>.c; only those and main print and decide the exit code.
 */
#ifndef TOLL_COMMAND_H
#define TOLL_COMMAND_H

#include "arena.h"
#include "error.h"
#include <stdint.h>

#define TOLL_VERSION "0.1"

struct command {
    struct arena arena;
    int argc;
    char **argv;              /* argv[0] is the verb */
    const char *start_folder; /* where toll was called; the working directory is the top of the tree */
};

int cmd_run(struct command *command);
int cmd_list(struct command *command);
int cmd_show(struct command *command);
int cmd_report(struct command *command);
int cmd_compare(struct command *command);
int cmd_baseline(struct command *command);
int cmd_explain(struct command *command);
int cmd_calibrate(struct command *command);
int cmd_doctor(struct command *command);
int cmd_memory(struct command *command);
int cmd_load(struct command *command);
int cmd_throughput(struct command *command);
int cmd_boot(struct command *command);

/* A path that the user gave, as seen from the top of the tree. */
const char *command_path(struct command *command, const char *path);

/* A run that the user named, for store_find: a folder as seen from the top of the tree where the name is one, else the
   name itself, of a run in results/.  NULL stays NULL. */
const char *command_run(struct command *command, const char *name);

/* A whole number from low to high that the user gave for an option.  -1 with an error for anything else. */
int command_number(const char *option, const char *text, uint32_t low, uint32_t high, uint32_t *number,
                   struct error *error);

/* Prints "toll VERB: text" on standard error, without what would act on a terminal, and gives the exit code. */
int command_fail(const struct command *command, const struct error *error);

/* The same for a mistake on the command line, which getopt has already named. */
int command_usage(const struct command *command);

/* The same for a word that the verb does not take: argv[optind]. */
int command_surplus(const struct command *command);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * main.c: toll's command line: finds the verb, goes to the top of the tree and calls the verb.
 */
#include "command.h"
#include "layout.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *help;
    int (*run)(struct command *command);
} verbs[] = {
    {"run", "build, boot and measure what bench.toml says", cmd_run},
    {"list", "show structures, workloads and past runs", cmd_list},
    {"show", "show one run, or one cell of it, in detail", cmd_show},
    {"report", "make the table, results.json, results.csv and the report", cmd_report},
    {"compare", "say what became worse from one run to another", cmd_compare},
    {"baseline", "keep a run under a name, to compare others with", cmd_baseline},
    {"explain", "say what an operation pays for what, in modelled cycles", cmd_explain},
    {"calibrate", "measure on this host what crossings and misses cost", cmd_calibrate},
    {"boot", "measure how long a boot takes, and what of it is whose", cmd_boot},
    {"load", "be the clients of a server, and tell how fast it answers", cmd_load},
    {"throughput", "measure requests a second of servers with the clients that papers use", cmd_throughput},
    {"memory", "find the smallest memory with which a workload passes", cmd_memory},
    {"doctor", "say what this machine can measure, and why", cmd_doctor},
};

static const char usage[] = "usage: toll VERB [OPTION...]\n"
                            "\n"
                            "toll measures what an operating system's structure costs.\n"
                            "\n";

static int help_print(FILE *out)
{
    fputs(usage, out);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].help);
    fputs("  help      show this\n"
          "  version   show toll's version\n"
          "\n"
          "`toll VERB --help` tells a verb's options; docs/toll.1 is the manual.\n",
          out);
    return out == stdout ? TOLL_OK : TOLL_USAGE;
}

/* e2fsck lives where ordinary users do not look. */
static void path_extend(struct arena *arena)
{
    const char *path = getenv("PATH");

    setenv("PATH", arena_print(arena, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin"), 1);
}

static int verb_run(int (*run)(struct command *command), int argc, char **argv)
{
    struct command command = {.argc = argc, .argv = argv};
    struct error error;
    char folder[4096];
    int result;

    path_extend(&command.arena);
    command.start_folder = arena_copy(&command.arena, getcwd(folder, sizeof(folder)) ? folder : "/");
    result = layout_enter(&error) ? command_fail(&command, &error) : run(&command);
    arena_free(&command.arena);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "toll: cannot write to standard output\n");
        return TOLL_HOST;
    }
    return result;
}

/* `toll help VERB` is `toll VERB --help`. */
static int help_verb(char *verb)
{
    char *argv[] = {verb, "--help", NULL};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].name) == 0)
            return verb_run(verbs[i].run, 2, argv);
    }
    fprintf(stderr, "toll: there is no verb %s; `toll help` lists them\n", verb);
    return TOLL_USAGE;
}

/* A file that took the place of a closed standard output would get what is printed. */
static void standard_open(void)
{
    int fd = open("/dev/null", O_RDWR);

    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    char *verb = argc > 1 ? argv[1] : "";

    standard_open();
    if (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)
        return argc > 2 ? help_verb(argv[2]) : help_print(stdout);
    if (strcmp(verb, "version") == 0 || strcmp(verb, "--version") == 0) {
        puts("toll " TOLL_VERSION);
        return TOLL_OK;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].name) == 0)
            return verb_run(verbs[i].run, argc - 1, argv + 1);
    }
    if (*verb)
        return help_verb(verb);
    return help_print(stderr);
}

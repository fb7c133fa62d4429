/* SPDX-License-Identifier: MIT */
/*
 * load_tool.h: the load generators that papers use, as programs: requests a second of a server.
 *
 *      redis   redis-benchmark: GETs of one key of 3 bytes, which it sets before
 *      wrk     wrk, one thread
 *      ab      ApacheBench, connections kept alive
 *      own     toll's own clients (load.h), which check each answer; in the place of a program that is not installed
 */
#ifndef TOLL_LOAD_TOOL_H
#define TOLL_LOAD_TOOL_H

#include "arena.h"
#include "config.h"
#include "error.h"
#include <netinet/in.h>
#include <sys/types.h>

enum load_tool { LOAD_TOOL_OWN, LOAD_TOOL_REDIS, LOAD_TOOL_WRK, LOAD_TOOL_AB };

struct load_tool_job {
    enum load_tool tool;
    struct sockaddr_in to;
    const struct config_clients *load; /* what is asked for */
    uint32_t connections, pipeline;    /* instead of those in load */
    unsigned seconds;                  /* about so long */
    uint64_t seed;
    pid_t guest; /* QEMU's process, whose time is looked at; 0: none */
    int cancel;
};

struct load_tool_result {
    double per_second;
    uint64_t requests, errors; /* requests is 0 where the program does not tell */
    const char *client;        /* the program's name */
    double wall_s, guest_s;    /* of the client's process, and the time that QEMU's threads had processors meanwhile */
};

/* The program's name; "toll load" for our own. */
const char *load_tool_name(enum load_tool tool);

/* The tool itself if its program is installed, else our own. */
enum load_tool load_tool_installed(enum load_tool tool);

/* -1 with an error if it cannot run, told no rate, or found fault with an answer. */
int load_tool_run(struct arena *arena, const struct load_tool_job *job, struct load_tool_result *result,
                  struct error *error);

/* Our own clients, with so many requests, to see that answers are right before anything is measured. */
int load_tool_check(struct arena *arena, const struct load_tool_job *job, uint64_t requests, struct error *error);

/* What a program's output says; false if it tells no rate. */
bool load_tool_parse(enum load_tool tool, const char *text, struct load_tool_result *result);

#endif

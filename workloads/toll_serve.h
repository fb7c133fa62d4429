/* SPDX-License-Identifier: MIT */
/*
 * toll_serve.h: for workloads that are servers: their operations are requests from outside.
 *
 *      toll_serve(ops, warm);             // before the first request
 *      listener = toll_port_open(SOCK_STREAM, port);
 *      toll_listen("tcp", port);          // the harness lets its clients begin
 *      while (!toll_serve_ended())
 *          ... wait, read, answer; after each request that was answered: toll_served();
 *
 * The first warm requests are not measured, the next ops are the window, and then the server ends.  With ops 0 nothing
 * is measured and it never ends by itself.  Time in the window contains waiting for the client.
 */
#ifndef TOLL_SERVE_H
#define TOLL_SERVE_H

#include "toll.h"
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOLL_BACKLOG 512

static struct {
    uint64_t left; /* requests until the window opens or closes */
    uint64_t ops;
    bool counts, open, ended;
} toll_server;

static inline void toll_serve_next(void)
{
    if (toll_server.open) {
        toll_end(toll_server.ops);
        toll_server.ended = true;
        toll_server.counts = false;
    } else {
        toll_server.open = true;
        toll_server.left = toll_server.ops;
        toll_begin();
    }
}

static inline void toll_serve(uint64_t ops, uint64_t warm)
{
    toll_server.ops = ops;
    toll_server.left = warm;
    toll_server.counts = ops > 0;
    if (toll_server.counts && warm == 0)
        toll_serve_next();
}

/* The answer to one request was handed to the system. */
static inline void toll_served(void)
{
    if (!toll_server.counts)
        return;
    if (toll_server.open)
        toll_op();
    if (--toll_server.left == 0)
        toll_serve_next();
}

static inline bool toll_serve_ended(void)
{
    return toll_server.ended;
}

/* A socket of type (SOCK_STREAM or SOCK_DGRAM, with SOCK_NONBLOCK and SOCK_CLOEXEC as wanted) that takes connections,
   or datagrams, at port of every address; -1: errno says why there is none. */
static inline int toll_port_open(int type, unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int s = socket(AF_INET, type, 0), on = 1;

    if (s < 0)
        return -1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&at, sizeof at) != 0 || (type & SOCK_STREAM && listen(s, TOLL_BACKLOG) != 0))
        return -1; /* the program ends with its socket */
    return s;
}

/* Says that the program now takes connections, or datagrams, at port. */
static inline void toll_listen(const char *protocol, unsigned port)
{
    char line[WIRE_LINE_MAX];
    int n = snprintf(line, sizeof line, WIRE_PREFIX "listen %s %u\n", protocol, port);
    toll_check(write(STDOUT_FILENO, line, (size_t)n) == n, "the console cannot be written");
}

#endif

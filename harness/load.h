/* SPDX-License-Identifier: MIT */
/*
 * load.h: clients of a server anywhere, over ordinary sockets: what `toll load` does.
 *
 * Closed loop (rate 0): each connection has `pipeline` requests on their way and sends so many more when all of these
 * are answered; a latency is from sending to the answer.  Open loop: request i is due at the start plus i/rate,
 * whatever the server does, and a latency is from when it was due: a server that stalls is not spared the requests that
 * would have come meanwhile ("coordinated omission", Tene).
 */
#ifndef TOLL_LOAD_H
#define TOLL_LOAD_H

#include "client.h"
#include "error.h"
#include "histogram.h"
#include <netinet/in.h>

struct load_options {
    struct sockaddr_in to;
    const struct config_clients *load; /* of tcp */
    double seconds;                    /* at most so long; 0: no limit */
    uint64_t requests;                 /* at most so many; 0: no limit */
    double rate;                       /* requests a second; 0: closed loop */
    unsigned ramp_ms;                  /* between the opening of two connections */
    uint64_t seed;
    int cancel; /* readable when all must stop, or -1 */
};

struct load_result {
    uint64_t requests, errors;
    double seconds;
    char problem[CLIENT_ERROR_BYTES]; /* the first error */
    struct histogram latency;         /* ns */
};

/* -1 with an error if there is no server, or it ends a connection. */
int load_run(const struct load_options *options, struct load_result *out, struct error *error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * backend.h: how real clients on this host reach a guest: QEMU's side of the guest's network card, outside the exact
 * lane.
 *
 *      user    QEMU's own TCP/IP (slirp) ends the clients' connections at a port of 127.0.0.1 and makes new ones to
 *              the guest.  Takes no privilege.  Its listen backlog is one: of many connections that arrive at once
 *              some hang.
 *      tap     frames go to the host's own TCP/IP by an interface (tap.h); the guest has an address of its own.
 */
#ifndef TOLL_BACKEND_H
#define TOLL_BACKEND_H

#include "arena.h"
#include "config.h"
#include "error.h"
#include "tap.h"
#include <netinet/in.h>

struct backend {
    enum config_network kind; /* user or tap */
    struct sockaddr_in server;
    const char *netdev; /* -netdev's value, with id=n0 */
    const char *words;  /* for the command line of the guest's kernel */
    int keep;           /* the descriptor that QEMU must inherit, or 0 */
    struct tap tap;
};

/* What "auto" is on this host: a tap where one can be made, else the user network.  Others stay as they are. */
enum config_network backend_choose(enum config_network asked);

/* kind: user or tap; port: the one that the guest's server listens on.  -1 with an error if the host does not let us.
 */
int backend_open(struct arena *arena, enum config_network kind, unsigned port, struct backend *backend,
                 struct error *error);
void backend_close(struct backend *backend);

/* "user", "tap", "auto" */
const char *backend_name(enum config_network kind);
/* -1 with an error for anything else; option: how the user wrote it, for that. */
int backend_parse(const char *option, const char *text, enum config_network *kind, struct error *error);

#endif

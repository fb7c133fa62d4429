/* SPDX-License-Identifier: MIT */
/*
 * serve.h: a guest that real clients visit: boots it with a network (backend.h), waits until its server says that it
 * listens, lets the clients come, and ends it.
 */
#ifndef TOLL_SERVE_H
#define TOLL_SERVE_H

#include "backend.h"
#include "plan.h"
#include <sys/types.h>

#define SERVE_SERIAL_BYTES 2048 /* of the guest's last words in an error */

struct serve {
    const struct config *config;
    const struct plan_guest *guest; /* of the time lane, with one cell, a server (struct plan_options: servers) */
    enum config_network network;    /* user or tap */
    const char *folder;             /* for its disk and its serial port; of this guest alone */
    const char *kvm_cpu;            /* NULL: under emulation */
    int cancel;
    /* Called once while the guest serves; what it returns is serve_run's result. */
    int (*visit)(void *context, pid_t qemu, const struct sockaddr_in *server, struct error *error);
    void *context;
};

/* The port that a server of such clients listens on. */
unsigned serve_port(const struct config_clients *clients);

/* Servers of these workloads never end by themselves: without operations to measure.  Before the plan is made. */
void serve_endless(struct config *config);

/* -1 if the guest did not come to serve, with its last words, or the visit failed. */
int serve_run(struct arena *arena, const struct serve *serve, struct error *error);

#endif

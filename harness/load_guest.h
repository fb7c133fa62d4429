/* SPDX-License-Identifier: MIT */
/*
 * load_guest.h: one server in a guest of this host, for clients of its own stanza: what `toll load STRUCTURE/WORKLOAD`
 * boots.
 */
#ifndef TOLL_LOAD_GUEST_H
#define TOLL_LOAD_GUEST_H

#include "serve.h"

struct load_guest {
    const char *name;    /* STRUCTURE[:VARIANT]/WORKLOAD; the variant "default" if none is named */
    const char *network; /* "user", "tap", "auto", or NULL: as bench.toml says */
    bool emulated;       /* under TCG even where KVM works */
    int cancel;
    int (*visit)(void *context, pid_t qemu, const struct sockaddr_in *server, struct error *error);
    void *context;
};

/* Whether the user means a guest and not an address. */
bool load_guest_is(const char *name);

/* Builds it, boots it, lets the visitor come and ends it.  config is changed: its servers have no end (serve.h). */
int load_guest_run(struct arena *arena, struct config *config, const struct load_guest *guest, struct error *error);

#endif

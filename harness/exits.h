/* SPDX-License-Identifier: MIT */
/*
 * exits.h: how often, why and for how long a guest left to KVM, in each of its measured windows.
 *
 * The guest says where a window begins and ends by CPUID with a leaf of wire.h, which always leaves to KVM: the
 * observers see it in the guest's own thread, and so cut exactly there.  The leave at the end is not counted.
 */
#ifndef TOLL_EXITS_H
#define TOLL_EXITS_H

#include "exit_names.h"
#include <stdbool.h>

struct exit_count {
    const char *reason; /* exit_names.h */
    uint64_t count, ns; /* ns: from the exit to the next entry, whoever ran meanwhile */
};

struct exit_window {
    struct exit_count *items; /* of those that occurred */
    size_t count, room;
    uint64_t total, ns;
};

struct exit_windows {
    struct exit_window *items;
    size_t count, room;
    bool timed;          /* whether ns was measured */
    const char *problem; /* why windows may be missing, or NULL */
};

/* Adds to a window; reason must outlive it. */
void exits_add(struct arena *arena, struct exit_window *window, const char *reason, uint64_t count, uint64_t ns);

/* The next window, empty. */
struct exit_window *exits_next(struct arena *arena, struct exit_windows *windows);

/* Which kind of virtualisation this machine has. */
enum exit_isa exits_isa(void);

/* Why two ways of counting disagree about their windows, or NULL. */
const char *exits_compare(struct arena *arena, const struct exit_windows *a, const struct exit_windows *b);

#endif

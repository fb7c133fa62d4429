/* SPDX-License-Identifier: MIT */
/*
 * guest.h: boots one guest and gives its samples.  Safe from several threads, each with its own arena.
 */
#ifndef TOLL_GUEST_H
#define TOLL_GUEST_H

#include "observe.h"
#include "plan.h"
#include "sample.h"
#include "store.h"

struct guest_context {
    const struct config *config;
    const char *run_folder; /* serial logs go to its serial/ */
    const char *run_name;
    const char *temporary; /* a folder for the disk copies; each guest has its own inside */
    const char *kvm_cpu;
    enum observe_exits exits; /* how, in the time lane */
    int cancel;
};

/* Runs the guest; samples has room for all its cells.  1 if it was interrupted: then there are no samples.  -1 if
   this host cannot run it (no QEMU, no room for the disk). */
int guest_run(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
              struct sample *samples, struct error *error);

/* A sample of the cell with everything that is known before it runs, and status skip. */
struct sample guest_sample(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
                           size_t cell, const char *reason);

#endif

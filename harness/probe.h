/* SPDX-License-Identifier: MIT */
/*
 * probe.h: which of the three kinds of host this is.  A guest that goes to ring 3 and back under KVM decides.
 */
#ifndef TOLL_PROBE_H
#define TOLL_PROBE_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>

enum probe_kind {
    PROBE_UNKNOWN = 0,
    PROBE_KVM = 1,    /* KVM works: both lanes */
    PROBE_NO_KVM = 2, /* exact lane only */
    PROBE_BROKEN = 3  /* /dev/kvm opens but cannot run a guest with ring 3 */
};

struct probe {
    enum probe_kind kind;
    const char *reason; /* in plain words */
    const char *remedy;
    const char *kvm_cpu; /* -cpu's value for the time lane */
    int64_t wall_ms;
};

/* Needs the probe image to be built if /dev/kvm is there.  -1 if QEMU cannot be started or temporary files cannot be
   made. */
int probe_run(struct arena *arena, int cancel, struct probe *probe, struct error *error);

/* The kind that needs no guest to be known: PROBE_NO_KVM, or PROBE_UNKNOWN. */
void probe_quick(struct arena *arena, struct probe *probe);

#endif

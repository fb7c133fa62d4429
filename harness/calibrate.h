/* SPDX-License-Identifier: MIT */
/*
 * calibrate.h: unit costs measured on this host, natively by a process in ring 3 (calibrate_native.c,
 * calibrate_chase.c) and under KVM by a guest (calibrate_kvm.c, calibrate/), and how they become a profile
 * (calibrate_apply.c).  Cycles are those of the TSC everywhere.
 */
#ifndef TOLL_CALIBRATE_H
#define TOLL_CALIBRATE_H

#include "profile.h"
#include "results.h"
#include "stats.h"

/* One thing that was measured, or the reason why it was not. */
struct calibrate_value {
    const char *name;
    const char *how;    /* what was done, in words */
    const char *reason; /* NULL if it was measured */
    bool native;        /* else under KVM */
    bool bound;         /* an upper bound: another kernel's way is in it */
    double cycles;      /* of one; the median over the rounds, the loop and the timer subtracted */
    double lo, hi;      /* the interval of that median */
    size_t n;           /* rounds */
};

struct calibrate {
    struct calibrate_value *values;
    size_t count, room;
};

/* The value of that name and kind which was measured, or NULL. */
const struct calibrate_value *calibrate_find(const struct calibrate *calibrate, const char *name, bool native);

/* Adds a value: each of n rounds took values[i] cycles for so many times; empty is what one costs that does nothing. */
void calibrate_add(struct arena *arena, struct calibrate *calibrate, struct calibrate_value what, double *values,
                   size_t n, double times, double empty);
void calibrate_refuse(struct arena *arena, struct calibrate *calibrate, struct calibrate_value what,
                      const char *reason);

/* Measures natively on the processor that this runs on, to which it stays bound until the end: system call, page fault,
   signal, instructions, caches and TLBs of the base profile's sizes, or of this host's where Linux tells them. */
void calibrate_native(struct arena *arena, const struct profile *base, struct calibrate *calibrate);

/* The same for caches and TLBs alone. */
void calibrate_chase(struct arena *arena, const struct profile *base, struct calibrate *calibrate);

/* Boots the guest under KVM and adds what it measured.  -1 if QEMU cannot be started or the guest did not end well. */
int calibrate_kvm(struct arena *arena, const char *cpu, int cancel, struct calibrate *calibrate, struct error *error);

/* Reads what the guest said, adding to calibrate.  -1 if it is not complete. */
int calibrate_parse(struct arena *arena, const char *serial, struct calibrate *calibrate, struct error *error);

/* Cycles of an instruction, from a run with both lanes, at the profile's other prices. */
void calibrate_cpi(struct arena *arena, const struct results *results, const struct profile *profile,
                   struct calibrate *calibrate);

/* This host's caches as Linux tells them, in place of the base's sizes. */
void calibrate_sizes(struct arena *arena, struct profile *profile);

/* The profile NAME: base with what was measured in the place of its own (calibrate_apply.c). */
void calibrate_apply(struct arena *arena, const struct calibrate *calibrate, const struct profile *base,
                     const char *name, struct profile *out);

#endif

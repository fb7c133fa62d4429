/* SPDX-License-Identifier: MIT */
/*
 * boot.h: how long a boot takes until certain points, for `toll boot`.  One call boots one guest until one point and
 * leaves it; hyperfine(1) calls toll for that again and again, and the differences between points are the parts of a
 * boot.
 */
#ifndef TOLL_BOOT_H
#define TOLL_BOOT_H

#include "plan.h"
#include "stats_test.h"

enum boot_stage {
    BOOT_NONE,  /* toll itself: everything but QEMU */
    BOOT_QEMU,  /* QEMU's monitor greets: the machine is made, no instruction has run */
    BOOT_ENTRY, /* the kernel's first instruction: a breakpoint there is hit */
    BOOT_READY, /* the guest says on its serial line that main() was reached */
    BOOT_STAGES
};

extern const char *const boot_stage_names[BOOT_STAGES];

/* What to boot; in folder is a disk.img of its own, and nothing else needs to be. */
struct boot {
    const struct config *config;
    const struct plan_guest *guest;
    const char *folder;
    const char *kvm_cpu;         /* NULL: under emulation */
    enum config_network network; /* of a server's guest: user or tap */
    int cancel;
};

/* Boots until the stage, then ends QEMU.  -1 if it was not reached, with QEMU's words. */
int boot_until(struct arena *arena, const struct boot *boot, enum boot_stage stage, struct error *error);

/* The seconds of each call that hyperfine's JSON tells, by stage. */
struct boot_times {
    double *seconds[BOOT_STAGES];
    size_t count[BOOT_STAGES];
};

/* Reads hyperfine's --export-json, whose results are in the order of the stages.  -1 if it is not that. */
int boot_times_read(struct arena *arena, const json_t *json, struct boot_times *times, struct error *error);

/* The part of a boot that ends with a stage, in seconds, with its interval; BOOT_NONE gives all of it. */
struct stats_shift boot_part(const struct boot_times *times, enum boot_stage stage);

#endif

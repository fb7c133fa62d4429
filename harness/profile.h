/* SPDX-License-Identifier: MIT */
/*
 * profile.h: what a processor's crossings, cache misses and TLB misses cost, and how large its caches and TLBs are:
 * harness/profiles/NAME.toml.  The cost model (model.h) and the plugin's model of caches and TLBs read it.
 *
 *   name = "NAME"                     that of the file
 *   what = "..."                      the processor, in words
 *   [cache.l1i] [cache.l1d] [cache.l2]        bytes, ways, line (bytes), source; penalty,
 *                                     penalty_source
 *   [tlb.itlb] [tlb.dtlb] [tlb.stlb]          entries, ways, source; penalty, penalty_source; for pages of 4 KiB
 *   [cost]                            KIND = { cycles = NUMBER, source = "..." }
 *
 * The penalty is in cycles: of a miss that hits the next level, for l2 the last level or memory, for stlb the page
 * walk. Every number stands under a source: a paper with its table, a section of a vendor's manual, or "calibrated".
 * There are no defaults: what a profile does not name has no price, and whoever uses the profile says so.
 */
#ifndef TOLL_PROFILE_H
#define TOLL_PROFILE_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROFILE_FOLDER "harness/profiles"
#define PROFILE_HOST_FOLDER "build/profiles" /* where `toll calibrate` puts those that it measured */

enum profile_array_index {
    PROFILE_L1I,
    PROFILE_L1D,
    PROFILE_L2,
    PROFILE_ITLB,
    PROFILE_DTLB,
    PROFILE_STLB, /* shared by code and data */
    PROFILE_ARRAYS
};

/* A cache or a TLB; its name is also that of the metric miss.NAME. */
struct profile_array {
    bool known;
    uint32_t size; /* bytes of a cache, entries of a TLB */
    uint32_t ways; /* divides size; that times the line is a way */
    uint32_t line; /* bytes; of a TLB the page, 4096 */
    const char *source;
    double penalty; /* cycles */
    const char *penalty_source;
};

/* What has a price.  A kind costs what the processor takes for it beyond the instructions that are counted. */
enum profile_cost_index {
    PROFILE_CPI,              /* cycles of an instruction that crosses nothing and misses nothing */
    PROFILE_REP,              /* what a REP string instruction takes whatever it moves */
    PROFILE_REP_BYTES,        /* and for each byte, where nothing misses */
    PROFILE_SYSCALL,          /* SYSCALL and SYSRET, there and back */
    PROFILE_EXCEPTION,        /* delivery and IRET */
    PROFILE_INTERRUPT,        /* delivery and IRET; the APIC's registers are wrmsr or mmio */
    PROFILE_UPCALL,           /* beyond the exception or system call that it ends */
    PROFILE_IPC,              /* a message, beyond its system call and page-table loads */
    PROFILE_AS_SWITCH,        /* a page-table load that drops TLB entries */
    PROFILE_AS_SWITCH_KEPT,   /* one that keeps them */
    PROFILE_AS_SWITCH_REFILL, /* what a load that drops them costs afterwards, where no TLB misses were counted */
    PROFILE_THREAD_SWITCH,    /* beyond its instructions */
    PROFILE_VM_EXIT,          /* to the hypervisor's kernel part and back: the time lane only */
    PROFILE_INVLPG,
    PROFILE_WRMSR,
    PROFILE_PORT_IO, /* under a hypervisor: with the exit */
    PROFILE_MMIO,
    PROFILE_HLT, /* and the interrupt that ends it */
    PROFILE_COSTS
};

struct profile_cost {
    bool known;
    double cycles;
    const char *source;
};

struct profile {
    const char *name, *what;
    const char *path; /* of the file */
    struct profile_array arrays[PROFILE_ARRAYS];
    struct profile_cost costs[PROFILE_COSTS];
};

/* "l1i", ... and "cpi", "syscall", ...: the keys of the file. */
extern const char *const profile_array_names[PROFILE_ARRAYS];
extern const char *const profile_cost_names[PROFILE_COSTS];

/* The file of a profile: the name itself if it has a slash or ends in .toml, else the one of that name in
   PROFILE_FOLDER or PROFILE_HOST_FOLDER.  NULL with an error that lists the profiles there are. */
const char *profile_find(struct arena *arena, const char *name, struct error *error);

/* Reads one file into *out, whose memory is the arena's.  Every mistake is an error with file:line:column. */
int profile_load(struct arena *arena, const char *path, struct profile *out, struct error *error);

/* Writes a file that profile_load reads back equal. */
int profile_save(struct arena *arena, const char *path, const struct profile *profile, struct error *error);

#ifdef __cplusplus
}
#endif

#endif

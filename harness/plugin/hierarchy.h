/* SPDX-License-Identifier: MIT */
/*
 * hierarchy.h: the model of caches and TLBs: watches what the guest fetches and accesses, from the kernel's first
 * instruction on, and counts misses by the part whose instruction it was.  Runs that are equal have equal misses.
 *
 * What a plugin can see decides what the model knows:
 *
 *      seen                                          therefore
 *      each block of code that runs                  its lines are fetched when it begins, also what a fault cuts off
 *      each access of an instruction, and its frame  dTLB and L1D are asked; an access over a line's end asks twice
 *      a load of CR3, not its value                  drops all but global pages; kept if a label as_switch_kept of the
 *                                                    map was passed since the last one
 *      INVLPG, not its address; an exception         drops nothing, but frames are asked of QEMU anew: a page that got
 *                                                    another frame misses.  At most one miss too few for each.
 *      INVPCID, not its operands                     drops all but global pages
 *      a write of CR4                                drops everything
 *      no page table                                 addresses above 2^63 are global (unless global is off); pages
 *                                                    are large in the ranges that the map calls so, else of 4 KiB
 *
 * Not seen, and so not modelled: page walks and what they fetch, descriptor tables and frames of interrupts, devices'
 * transfers, prefetching and speculation.  Accesses to device registers take a TLB entry and no line.
 */
#ifndef TOLL_HIERARCHY_H
#define TOLL_HIERARCHY_H

#include "cache.h"
#include "map.h"
#include "qemu_api.h"
#include "tlb.h"

enum hierarchy_miss { MISS_L1I, MISS_L1D, MISS_L2, MISS_ITLB, MISS_DTLB, MISS_STLB, MISSES };
extern const char *const hierarchy_miss_names[MISSES];

struct hierarchy_sizes {
    struct cache_size caches[CACHES];
    struct tlb_size tlbs[TLBS];
    bool global; /* whether pages in the upper half of the address space are global */
};

/* What a block fetches. */
struct hierarchy_fetch;

/* Reads "BYTES/WAYS" of a cache l1i, l1d, l2 or "ENTRIES/WAYS" of a TLB itlb, dtlb, stlb.  False if name is none
   of these; *wrong: what is wrong with the value, or NULL. */
bool hierarchy_read_size(struct hierarchy_sizes *sizes, const char *name, const char *value, const char **wrong);

/* NULL if all six sizes are there and fit each other, or what is wrong. */
const char *hierarchy_check_sizes(const struct hierarchy_sizes *sizes);
unsigned hierarchy_cache_sets(const struct cache_size *size);

/* Switches the model on, from the map's boot record on.  NULL, or what is wrong. */
const char *hierarchy_init(const struct hierarchy_sizes *sizes, const struct map *map);

/* The rest only after hierarchy_init; misses: the MISSES counters of the part that the instruction belongs to. */

/* During translation: adds the lines of an instruction to those of its block, which it makes at first (*fetch NULL). */
void hierarchy_fetch_add(struct hierarchy_fetch **fetch, const struct qemu_plugin_insn *insn, uint64_t *misses);

/* The block begins. */
void hierarchy_fetch_run(const struct hierarchy_fetch *fetch);

/* Watches the accesses of an instruction. */
void hierarchy_plant_access(struct qemu_plugin_insn *insn, uint64_t *misses);

/* Watches an instruction that has an effect on the TLBs. */
enum hierarchy_event { HIERARCHY_CR3, HIERARCHY_CR3_KEEP, HIERARCHY_CR4, HIERARCHY_INVLPG, HIERARCHY_INVPCID };
void hierarchy_plant_event(struct qemu_plugin_insn *insn, enum hierarchy_event event);

/* An exception was taken, perhaps because a page was about to change. */
void hierarchy_exception(void);

#endif

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

/* What a block fetches: runs of lines that follow each other in one page.  Small, for it is read whenever the block
 * runs. */
struct hierarchy_page {
    struct tlb_page page;
    struct tlb_entry *set; /* that it belongs to */
};
struct hierarchy_run {
    const struct hierarchy_page *page;
    const uint32_t *set; /* of the first line */
    uint64_t *misses;
    struct hierarchy_run *next;
    uint32_t line;  /* physical address / line of the first */
    uint16_t count; /* 0: there is none */
    bool settles;   /* in a block's first run: all its lines are in one page and in a set each, so that after a fetch
                       each is the one used last */
};
struct hierarchy_fetch {
    uint64_t order; /* hierarchy_order when fetching them was found to change nothing */
    struct hierarchy_run run;
};

/* Another number whenever the order changes in which L1I and iTLB were used; 0 while the model is off. */
extern uint64_t hierarchy_order;

/* Reads "BYTES/WAYS" of a cache l1i, l1d, l2 or "ENTRIES/WAYS" of a TLB itlb, dtlb, stlb.  False if name is none
   of these; *wrong: what is wrong with the value, or NULL. */
bool hierarchy_read_size(struct hierarchy_sizes *sizes, const char *name, const char *value, const char **wrong);

/* NULL if all six sizes are there and fit each other, or what is wrong. */
const char *hierarchy_check_sizes(const struct hierarchy_sizes *sizes);
unsigned hierarchy_cache_sets(const struct cache_size *size);

/* Switches the model on, from the map's boot record on.  NULL, or what is wrong. */
const char *hierarchy_init(const struct hierarchy_sizes *sizes, const struct map *map);

/* The rest only after hierarchy_init; misses: the MISSES counters of the part that the instruction belongs to. */

/* During translation: adds the lines of an instruction to those of its block. */
void hierarchy_fetch_add(struct hierarchy_fetch *fetch, const struct qemu_plugin_insn *insn, uint64_t *misses);

/* Whether fetching the block is seen at once to change nothing. */
static inline bool hierarchy_fetch_is_quick(struct hierarchy_fetch *fetch)
{
    const struct hierarchy_run *run = &fetch->run;

    if (fetch->order == hierarchy_order)
        return true;
    if (run->count != 1 || run->next || !cache_is_first(run->set, run->line) ||
        !tlb_is_first(run->page->set, &run->page->page))
        return false;
    fetch->order = hierarchy_order;
    return true;
}

/* The block begins. */
void hierarchy_fetch_run(struct hierarchy_fetch *fetch);

/* Watches the accesses of an instruction. */
void hierarchy_plant_access(struct qemu_plugin_insn *insn, uint64_t *misses);

/* Watches an instruction that has an effect on the TLBs. */
enum hierarchy_event { HIERARCHY_CR3, HIERARCHY_CR3_KEEP, HIERARCHY_CR4, HIERARCHY_INVLPG, HIERARCHY_INVPCID };
void hierarchy_plant_event(struct qemu_plugin_insn *insn, enum hierarchy_event event);

/* An exception was taken, perhaps because a page was about to change. */
void hierarchy_exception(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * tlb.h: the model's TLBs: one for code, one for data, and a second level for both, set-associative with true LRU.  A
 * translation that misses is filled into both levels.
 *
 * Entries are tagged by the frame beside the page, in place of the number of an address space (PCID), which a plugin
 * cannot see: two spaces that map a page to different frames have an entry each, as with numbers.  Where they map it to
 * one frame (code that is shared) a kept load lets the second space find the first one's entry: too few misses.
 *
 * Pages of 4 KiB and of 2 MiB share the arrays, each indexed by its own number; real processors have separate first
 * levels for large ones.
 */
#ifndef TOLL_TLB_H
#define TOLL_TLB_H

#include <stdbool.h>
#include <stdint.h>

enum tlb_name { TLB_CODE, TLB_DATA, TLB_SECOND, TLBS };

/* entries = sets x ways; sets is a power of 2. */
struct tlb_size {
    uint32_t entries, ways;
};

struct tlb_page {
    uint64_t number; /* address / size of the page, times 2, and 1 more if it is large */
    uint32_t frame;  /* physical address / size of the page */
    bool global;
};

/* Empty TLBs.  0, or -1 without memory. */
int tlb_init(const struct tlb_size sizes[TLBS]);

/* A translation by way of first; true where it was found. */
struct tlb_hits {
    bool first, second; /* second is true if first is */
};
struct tlb_hits tlb_access(enum tlb_name first, const struct tlb_page *page);

/* Drops all entries but those of global pages; or those too. */
void tlb_drop(void);
void tlb_drop_global(void);

#endif

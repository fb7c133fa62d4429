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

/* Each set is an array of entries in the order of their last use.  An entry is valid in the epoch in which it was
   filled: tlb_epochs has the present ones, of pages that are not global and of those that are. */
struct tlb_entry {
    uint64_t page; /* tlb_page.number */
    uint32_t frame, epoch;
};
struct tlb {
    struct tlb_entry *entries;
    uint32_t sets, ways;
};
extern struct tlb tlbs[TLBS];
extern uint32_t tlb_epochs[2];

/* Empty TLBs.  0, or -1 without memory. */
int tlb_init(const struct tlb_size sizes[TLBS]);

/* The set that a page belongs to. */
static inline struct tlb_entry *tlb_set(enum tlb_name name, const struct tlb_page *page)
{
    return tlbs[name].entries + (page->number >> 1 & (tlbs[name].sets - 1)) * tlbs[name].ways;
}

static inline bool tlb_holds(const struct tlb_entry *entry, const struct tlb_page *page)
{
    return entry->page == page->number && entry->frame == page->frame && entry->epoch == tlb_epochs[page->global];
}

/* Whether its set used the page last: then a translation of it hits and changes nothing. */
static inline bool tlb_is_first(const struct tlb_entry *set, const struct tlb_page *page)
{
    return tlb_holds(set, page);
}

/* A translation by way of first; true where it was found. */
struct tlb_hits {
    bool first, second; /* second is true if first is */
};
struct tlb_hits tlb_access(enum tlb_name first, const struct tlb_page *page);

/* Drops all entries but those of global pages; or those too. */
void tlb_drop(void);
void tlb_drop_global(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * tlb.c: each set is an array of entries in the order of their last use (see tlb.h).  An entry belongs to the epoch in
 * which it was filled; to drop all entries is to begin a new epoch, so that a page-table load costs nothing here.  What
 * is of another epoch counts as an empty way, and is filled before a valid entry gives way.
 */
#include "tlb.h"

#include <stdlib.h>

struct entry {
    uint64_t page; /* tlb_page.number */
    uint32_t frame, epoch;
};

static struct tlb {
    struct entry *entries;
    uint32_t sets, ways;
} tlbs[TLBS];

static uint32_t epochs = 2, epoch = 1, global_epoch = 2; /* 0: never filled */

int tlb_init(const struct tlb_size sizes[TLBS])
{
    for (unsigned i = 0; i < TLBS; i++) {
        tlbs[i].ways = sizes[i].ways;
        tlbs[i].sets = sizes[i].entries / sizes[i].ways;
        tlbs[i].entries = calloc(sizes[i].entries, sizeof(struct entry));
        if (!tlbs[i].entries)
            return -1;
    }
    return 0;
}

static bool is_valid(const struct entry *entry)
{
    return entry->epoch == epoch || entry->epoch == global_epoch;
}

/* Where a new entry goes: the last empty way, or the one used longest ago. */
static uint32_t find_victim(const struct entry *set, uint32_t ways)
{
    for (uint32_t way = ways; way-- > 0;)
        if (!is_valid(&set[way]))
            return way;
    return ways - 1;
}

/* Makes the page the one that its set used last; true if it was there. */
static bool touch(struct tlb *tlb, const struct tlb_page *page)
{
    struct entry *set = tlb->entries + (page->number >> 1 & (tlb->sets - 1)) * tlb->ways;
    uint32_t way = 0;
    bool hit;

    while (way < tlb->ways && (set[way].page != page->number || set[way].frame != page->frame || !is_valid(&set[way])))
        way++;
    hit = way < tlb->ways;
    if (!hit)
        way = find_victim(set, tlb->ways);
    for (; way > 0; way--)
        set[way] = set[way - 1];
    set[0] = (struct entry){page->number, page->frame, page->global ? global_epoch : epoch};
    return hit;
}

struct tlb_hits tlb_access(enum tlb_name first, const struct tlb_page *page)
{
    if (touch(&tlbs[first], page))
        return (struct tlb_hits){true, true};
    return (struct tlb_hits){false, touch(&tlbs[TLB_SECOND], page)};
}

void tlb_drop(void)
{
    epoch = ++epochs;
}

void tlb_drop_global(void)
{
    epoch = ++epochs;
    global_epoch = ++epochs;
}

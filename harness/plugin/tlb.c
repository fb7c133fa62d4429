/* SPDX-License-Identifier: MIT */
/*
 * tlb.c: entries move within their set's array as they are used (see tlb.h).  To drop all entries is to begin a new
 * epoch, so that a page-table load costs nothing here.  What is of another epoch counts as an empty way, and is filled
 * before a valid entry gives way.
 */
#include "tlb.h"

#include <stdlib.h>

struct tlb tlbs[TLBS];
uint32_t tlb_epochs[2] = {1, 2}; /* 0: never filled */

static uint32_t epochs = 2;

int tlb_init(const struct tlb_size sizes[TLBS])
{
    for (unsigned i = 0; i < TLBS; i++) {
        tlbs[i].ways = sizes[i].ways;
        tlbs[i].sets = sizes[i].entries / sizes[i].ways;
        tlbs[i].entries = calloc(sizes[i].entries, sizeof(struct tlb_entry));
        if (!tlbs[i].entries)
            return -1;
    }
    return 0;
}

static bool is_valid(const struct tlb_entry *entry)
{
    return entry->epoch == tlb_epochs[0] || entry->epoch == tlb_epochs[1];
}

/* Where a new entry goes: the last empty way, or the one used longest ago. */
static uint32_t find_victim(const struct tlb_entry *set, uint32_t ways)
{
    for (uint32_t way = ways; way-- > 0;)
        if (!is_valid(&set[way]))
            return way;
    return ways - 1;
}

/* Makes the page the one that its set used last; true if it was there. */
static bool touch(enum tlb_name name, const struct tlb_page *page)
{
    struct tlb_entry *set = tlb_set(name, page);
    uint32_t way = 0, ways = tlbs[name].ways;
    bool hit;

    while (way < ways && !tlb_holds(&set[way], page))
        way++;
    hit = way < ways;
    if (!hit)
        way = find_victim(set, ways);
    for (; way > 0; way--)
        set[way] = set[way - 1];
    set[0] = (struct tlb_entry){page->number, page->frame, tlb_epochs[page->global]};
    return hit;
}

struct tlb_hits tlb_access(enum tlb_name first, const struct tlb_page *page)
{
    if (touch(first, page))
        return (struct tlb_hits){true, true};
    return (struct tlb_hits){false, touch(TLB_SECOND, page)};
}

void tlb_drop(void)
{
    tlb_epochs[0] = ++epochs;
}

void tlb_drop_global(void)
{
    tlb_epochs[0] = ++epochs;
    tlb_epochs[1] = ++epochs;
}

/* SPDX-License-Identifier: MIT */
/*
 * paging_domain.c: what tables of domains in ring 3 have besides pages of applications: ranges in large pages, a part
 * in common, and a view of themselves.
 */
#include "base/errno.h"
#include "machine/paging_level.h"
#include "machine/tlb.h"

void *paging_table_page(struct table *table)
{
    return paging_level_make(table);
}

uint64_t paging_table_pages(const struct table *table)
{
    uint64_t n = table->second ? 2 : 1;

    for (const struct table_pages *list = table->pages; list; list = list->next)
        n += list->count;
    return n;
}

uint64_t paging_table_entry(const struct table *table, uint64_t address, uint64_t *span)
{
    uint64_t entry = table->pml4[level_index(address, 3)];

    *span = (uint64_t)PAGE_BYTES << 27;
    for (unsigned level = 3; level > 0; level--) {
        if (!(entry & PTE_P) || (level < 3 && entry & PTE_PS))
            return entry & PTE_P ? entry : 0;
        entry = entry_table(entry)[level_index(address, level - 1)];
        *span >>= 9;
    }
    return entry;
}

void paging_table_share(struct table *table, const struct table *from, uint64_t address)
{
    table->pml4[level_index(address, 3)] = from->pml4[level_index(address, 3)];
    tlb_share(address);
}

void paging_table_show(struct table *table, uint64_t address)
{
    table->pml4[level_index(address, 3)] = paging_physical(table->pml4) | paging_access_bits(PAGER_READ);
}

/* The entry of a page directory for address, with the levels above it made. */
static uint64_t *large_make(struct table *table, uint64_t address)
{
    uint64_t *entries = table->pml4;

    for (unsigned level = 3; level > 1; level--) {
        uint64_t *entry = &entries[level_index(address, level)];
        void *page = *entry & PTE_P ? NULL : paging_level_make(table);
        if (page)
            *entry = paging_physical(page) | PTE_P | PTE_W | PTE_U;
        else if (!(*entry & PTE_P))
            return NULL;
        entries = entry_table(*entry);
    }
    return &entries[level_index(address, 1)];
}

int paging_table_map_range(struct table *table, uint64_t address, uint64_t physical, uint64_t bytes, uint32_t access)
{
    uint64_t bits = paging_access_bits(access) | (access & PAGING_UNCACHED ? PTE_PCD : 0), step;

    for (uint64_t at = 0; at < bytes; at += step) {
        bool large = (address + at) % MIB2 == 0 && (physical + at) % MIB2 == 0 && bytes - at >= MIB2;
        uint64_t *entry = large ? large_make(table, address + at) : NULL;
        if (!entry || *entry & PTE_P) {
            large = false;
            entry = paging_entry_make(table, address + at);
        }
        if (!entry)
            return -ENOMEM;
        *entry = (physical + at) | bits | (large ? PTE_PS : 0);
        step = large ? MIB2 : PAGE_BYTES;
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* paging_level.h: entries of page tables, for the files that write them (SDM 3A 4.5). */
#ifndef TOLL_PAGING_LEVEL_H
#define TOLL_PAGING_LEVEL_H

#include "alloc.h"
#include "machine/paging.h"

#define PTE_P 1ull
#define PTE_W 2ull
#define PTE_U 4ull
#define PTE_PCD 16ull
#define PTE_D 64ull
#define PTE_PS 128ull
#define PTE_G 256ull
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull
#define MIB2 (1ull << 21)

static inline uint64_t *entry_table(uint64_t entry)
{
    return paging_direct(entry & PTE_ADDRESS);
}

static inline unsigned level_index(uint64_t address, unsigned level)
{
    return address >> (PAGE_SHIFT + 9 * level) & 511;
}

/* A cleared page for a lower level, noted as table's; the entry of a 4 KiB page with the levels above it made; NULL
   without memory. */
void *paging_level_make(struct table *table);
uint64_t *paging_entry_make(struct table *table, uint64_t address);

/* The bits of an entry for PAGER_* access. */
uint64_t paging_access_bits(uint32_t access);

#endif

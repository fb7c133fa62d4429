/* SPDX-License-Identifier: MIT */
/*
 * paging.h: four-level page tables (SDM 3A chapter 4).  The upper half is the same in all of them.
 */
#ifndef TOLL_PAGING_H
#define TOLL_PAGING_H

#include "pager.h"
#include <stdint.h>

/* The pages that a table's lower half is made of, so that it can be given back without being searched. */
struct table_pages {
    struct table_pages *next;
    unsigned count;
    void *page[30];
};

struct table {
    uint64_t *pml4;
    uint64_t cr3; /* to be loaded as it is: tlb.h */
    struct table_pages *pages;
    uint64_t *second; /* paging_split: the top level that the processor uses in ring 3, the page after pml4 */
};

/* The image's real permissions, memory beyond the first GiB, no identity mapping.  user: whether pages of
   applications are for ring 3.  alloc must work already. */
void paging_init(bool user);

/* This domain's pointer to physical memory, and back (for direct and image addresses). */
void *paging_direct(uint64_t physical);
uint64_t paging_physical(const void *p);

/* The table that the machine booted with. */
extern struct table paging_boot_table;

/* The functions of pager.h on tables: env_table_* of a home may simply be these. */
int paging_table_create(struct table **out);
void paging_table_destroy(struct table *table);
int paging_table_map(struct table *table, uint64_t address, void *frame, uint32_t access);
void *paging_table_unmap(struct table *table, uint64_t address, bool *dirty);
void paging_table_protect(struct table *table, uint64_t address, uint32_t access);
void *paging_table_find(struct table *table, uint64_t address, uint32_t *access);
uint64_t paging_table_next(struct table *table, uint64_t address, uint64_t end);

/* The same with the raw entry that was there before. */
int paging_table_exchange(struct table *table, uint64_t address, uint64_t physical, uint32_t access, uint64_t *old);

/* The raw entry for address, also of a large page, 0 if there is none; *span: the bytes that such an entry maps. */
uint64_t paging_table_entry(const struct table *table, uint64_t address, uint64_t *span);
#define PAGING_ADDRESS(entry) ((entry)&0x000ffffffffff000ull)

/* Maps a range, in large pages where they fit; access also PAGING_UNCACHED.  Functions above that change or find pages
   must not be used where large ones are. */
#define PAGING_UNCACHED 0x10000u
int paging_table_map_range(struct table *table, uint64_t address, uint64_t physical, uint64_t bytes, uint32_t access);

/* A cleared page that goes back with table; NULL without memory. */
void *paging_table_page(struct table *table);

/* How many pages will go back with table. */
uint64_t paging_table_pages(const struct table *table);

/* Tables with a part in common: puts what from has in the 512 GiB around address into table.  Later changes there are
   seen by both; from must exist as long as table. */
void paging_table_share(struct table *table, const struct table *from, uint64_t address);

/* Makes the table's own pages readable to its domain, but not writable, in the 512 GiB from address on: the entry for
   virtual address v lies at address + (v >> 12) * 8. */
void paging_table_show(struct table *table, uint64_t address);

/* Maps a page with read and write access where none is, in the booted table; its frame and what levels are missing come
   from spare.  Uses nothing else, so that it works while the allocator is at work. */
void paging_table_map_spare(struct table *table, uint64_t address, void *(*spare)(void));

/* Loads a table: an as_switch, which the caller counts; as_switch_kept is counted here, at paging_load_keep.  Where
   the TLB is told what to keep is found out at boot, so this is a variable. */
extern void (*paging_load)(struct table *table);
void paging_load_keep(uint64_t cr3);

/* From now on, before the first table is made: each table has a second top level, one page after the first, for ring 3.
   Its lower half is the same; of the upper half it has only those pages of the image that paging_split_show names. */
void paging_split(void);
void paging_split_show(const void *start, const void *end);

#endif

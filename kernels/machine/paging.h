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
    uint64_t cr3;
    struct table_pages *pages;
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

/* Maps a page with read and write access where none is, in the booted table; its frame and what levels are missing come
   from spare.  Uses nothing else, so that it works while the allocator is at work. */
void paging_table_map_spare(struct table *table, uint64_t address, void *(*spare)(void));

/* Loads a table: an as_switch, which the caller counts. */
void paging_load(const struct table *table);

#endif

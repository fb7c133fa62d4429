/* SPDX-License-Identifier: MIT */
/*
 * table.h: page tables as a server that owns the frames makes them: by calls of the kernel, with a mirror of its own by
 * which it knows what is mapped where.
 */
#ifndef TOLL_MICRO_TABLE_H
#define TOLL_MICRO_TABLE_H

#include <stdint.h>

#define TABLE_PAGES_MAX 30

struct table_pages {
    struct table_pages *next;
    unsigned count;
    void *page[TABLE_PAGES_MAX];
};

struct table {
    uint64_t space;            /* handle */
    uint64_t *root;            /* of the mirror: four levels, like the processor's */
    struct table_pages *pages; /* of the mirror, but the root */
};

/* The label of the next space that env_table_create makes, and whose handle names its process. */
void table_next(uint64_t process, uint64_t label);

/* Where the page of address lies in this domain, or NULL if it may not be accessed so (PAGER_READ, PAGER_WRITE); to
   be written counts as written. */
void *table_reach(struct table *table, uint64_t address, uint32_t access);

#endif

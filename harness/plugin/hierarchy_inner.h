/* SPDX-License-Identifier: MIT */
/*
 * hierarchy_inner.h: what the files of the model share: hierarchy.c has pages and events, hierarchy_code.c what blocks
 * fetch, hierarchy_data.c what instructions access.
 */
#ifndef TOLL_HIERARCHY_INNER_H
#define TOLL_HIERARCHY_INNER_H

#include "hierarchy.h"

#define PAGE_SHIFT 12
#define LINE_BYTES (1u << CACHE_LINE_SHIFT)
#define PAGE_BYTES (1u << PAGE_SHIFT)

/* The ways that are rarely taken stay out of the functions that each access and each block calls. */
#define RARE __attribute__((noinline))

/* The page of a virtual address that is mapped to a physical one. */
struct tlb_page hierarchy_page_of(uint64_t address, uint64_t physical);

/* Accesses that may change the order of use; misses are added to what hierarchy.h calls misses. */
void hierarchy_translate(enum tlb_name first, const struct tlb_page *page, uint64_t *misses);
void hierarchy_touch(enum cache_name l1, uint32_t physical_line, uint64_t *misses);

/* An instruction at a virtual address, which QEMU has at host, is translated: it may be the boot record's. */
void hierarchy_find_memory(uint64_t address, uintptr_t host);

/* Once, when there are caches and TLBs. */
void hierarchy_data_init(void);

/* Where QEMU has the guest's physical address 0; 0 until the boot record is reached. */
extern uintptr_t hierarchy_memory;

/* Before TLBs drop entries, and where data may from now on be in other frames: brings the order of use up to date, and
   asks QEMU for each frame anew. */
void hierarchy_data_forget(void);

/* TLBs have dropped entries: no block's fetches are known to change nothing. */
void hierarchy_code_forget(void);

#endif

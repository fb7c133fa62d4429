/* SPDX-License-Identifier: MIT */
/* memory.h: memory of processes as the kernel reaches it, and mapping it elsewhere. */
#ifndef TOLL_MICRO_MEMORY_H
#define TOLL_MICRO_MEMORY_H

#include "machine/paging.h"

/* What ring 3 has at address in table, if it may be accessed there like that (PAGER_*) and is memory, no device:
   the kernel's pointer to it, good up to the end of the page; else NULL.  To be written counts as written. */
char *memory_find(const struct table *table, uint64_t address, uint32_t access);

int64_t memory_call_map(uint64_t space, uint64_t address, uint64_t own, uint64_t access);
int64_t memory_call_grant(uint64_t space, uint64_t address, uint64_t own, uint64_t access);
int64_t memory_call_unmap(uint64_t space, uint64_t address);
int64_t memory_call_protect(uint64_t space, uint64_t address, uint64_t access);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * alloc.h: memory of a domain.  Page frames come in powers of two, 4 KiB each and naturally aligned, as pointers
 * that this domain can use at once; the heap carves small objects out of frames.  Neither sleeps; both may be
 * called with interrupts off, but not from an interrupt handler.
 */
#ifndef TOLL_ALLOC_H
#define TOLL_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_SHIFT 12

/* Gives [start, end), page-aligned, to the allocator.  Call once per range before the first allocation. */
void alloc_add_range(void *start, void *end);

/* 2^order frames with undefined contents, or NULL.  Free with the same order. */
void *alloc_pages(unsigned order);
void alloc_pages_free(void *pages, unsigned order);

/* One frame. */
void *alloc_page(void);
void *alloc_page_zeroed(void);
void alloc_page_free(void *page);

/* References on a single frame: alloc_page returns it with one; alloc_page_free drops one and frees at none. */
void alloc_page_get(void *page);
unsigned alloc_page_refs(const void *page);

/* Frames now free, and in all. */
uint64_t alloc_free_pages(void);
uint64_t alloc_total_pages(void);

/* Heap: 16-byte aligned, at most 128 KiB.  alloc_get clears.  NULL when there is no memory.  alloc_put takes NULL. */
void *alloc_get(size_t bytes);
void alloc_put(void *object);

#endif

/* SPDX-License-Identifier: MIT */
/* alloc_fixture.h: a fresh allocator for each test: test_alloc.c contains pages.c, test_alloc_heap.c heap.c, so that
   both can forget what they own. */
#ifndef TOLL_TEST_ALLOC_FIXTURE_H
#define TOLL_TEST_ALLOC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Forgets all ranges; forgets all slabs. */
void pages_reset(void);
void heap_reset(void);

/* Gives the allocator frames frames of fresh memory, which begins skew frames behind a multiple of 4 MiB. */
char *range_make(unsigned skew, unsigned frames);

uint32_t random_below(uint32_t n);
void random_seed(uint64_t seed);

int tests_heap(void);

#endif

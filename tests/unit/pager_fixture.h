/* SPDX-License-Identifier: MIT */
/* pager_fixture.h: one space for each test of the pager, and the memory in it by address. */
#ifndef TOLL_TEST_PAGER_FIXTURE_H
#define TOLL_TEST_PAGER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/errno.h"
#include "fake_fs.h"
#include "host.h"
#include "parts/pager/pager_private.h"

#define R PAGER_READ
#define W PAGER_WRITE
#define X PAGER_EXEC
#define RW (R | W)
#define PAGE ((uint64_t)PAGE_BYTES)
#define AT(page) (0x100000 + (page)*PAGE) /* tests name pages by number */
#define FILE_BYTES (6 * PAGE_BYTES + 100)
#define FILE_ROOM (16 * PAGE_BYTES)

extern struct space *space;
extern const struct pager_source zero;
extern uint8_t *image, *file; /* FILE_BYTES of a pattern each; node 1 is the file */

int pager_fixture_open(void **state);
/* Gives the space back; nothing may be left of it. */
int pager_fixture_close(void **state);
void pager_fixture_restart(void);
uint8_t pattern(uint64_t offset);

struct pager_source image_at(uint64_t page, uint64_t bytes);
struct pager_source file_at(uint64_t page, uint64_t bytes);

int map(uint64_t page, uint64_t pages, uint32_t flags, const struct pager_source *source);
uint64_t map_anywhere(uint64_t bytes, uint32_t flags);
int unmap(uint64_t page, uint64_t pages);
int protect(uint64_t page, uint64_t pages, uint32_t flags);

/* A byte by its address, with the faults that this takes. */
int peek(uint64_t address);
int poke(uint64_t address, uint8_t value);

/* All regions, as "PAGE+PAGES:ACCESS ..." */
void assert_regions(const char *text);

int tests_pager_memory(void);
int tests_pager_stress(void);

#endif

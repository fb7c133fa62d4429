/* SPDX-License-Identifier: MIT */
/*
 * fs_fixture.h: what the tests of the file system share: images made by mke2fs, checked with e2fsck and debugfs.
 * A test's state is its block size; before it runs, a fresh copy of that size's image is mounted.
 */
#ifndef TOLL_FS_FIXTURE_H
#define TOLL_FS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "blk.h"
#include "fs.h"
#include "host.h"

#define BIG_BYTES 300000u /* of /big: pattern_byte(BIG_SEED, offset) */
#define BIG_SEED 1u
#define MANY_FILES 120u /* /many/f0... */
#define CACHE_PAGES 64u

extern uint8_t *disk;
extern uint64_t disk_bytes;
extern uint32_t block_bytes;

int fixture_open(void **state); /* group setup: makes the images */
int fixture_close(void **state);
int fixture_mount(void **state); /* test setup */
int fixture_end(void **state);   /* test teardown: unmounts if the test has not; the volume must then be clean */
/* For tests that damage the disk: unmounts, looks at nothing. */
int fixture_end_damaged(void **state);

/* Runs a shell command with the path of the present disk's image file as $IMAGE; its exit status. */
int fixture_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fixture_save(void); /* disk to image file */
void fixture_load(void); /* image file to disk, not mounted */
void assert_clean(void); /* e2fsck -fn finds nothing on the disk as it is */
void remount(void);
/* path as debugfs reads it from the disk has these contents. */
void assert_dump(const char *path, const void *bytes, uint64_t n);
/* The output of a debugfs command has this text in it. */
void assert_debugfs(const char *command, const char *text);

uint8_t pattern_byte(uint32_t seed, uint64_t offset);
void pattern_fill(uint8_t *to, uint32_t seed, uint64_t offset, uint64_t n);

/* fs calls that must succeed. */
int must_open(const char *path, uint32_t flags);
void must_write(int node, uint64_t offset, const void *bytes, uint64_t n);
void must_put(const char *path, const void *bytes, uint64_t n);  /* makes a file */
void must_hold(const char *path, const void *bytes, uint64_t n); /* reads it back */
uint64_t blocks_free(void);

int tests_file(void);
int tests_tree(void);
int tests_mount(void);
int tests_crash(void);

/* One test for each block size. */
#define FS_TEST_AT(f, end, size)                                                                                       \
    {                                                                                                                  \
#f "/" #size, f, fixture_mount, end, (void *)(uintptr_t)size                                                   \
    }
#define FS_TEST(f) FS_TEST_AT(f, fixture_end, 1024), FS_TEST_AT(f, fixture_end, 2048), FS_TEST_AT(f, fixture_end, 4096)
#define FS_TEST_DAMAGED(f) FS_TEST_AT(f, fixture_end_damaged, 1024), FS_TEST_AT(f, fixture_end_damaged, 4096)

#endif

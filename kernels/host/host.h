/* SPDX-License-Identifier: MIT */
/*
 * host.h: a Linux process as a home for parts, so that tests, sanitizers and fuzzers reach them.
 *
 * It offers what the parts need (env.h, alloc.h, sched.h, blk.h, panic.h) and here the handles by which a test makes
 * the home misbehave.  Compile host files and parts with -iquote for the include directories, not -I: some of our
 * headers have the names of the C library's.  A host file that needs libc's errno must not include base/errno.h.
 *
 * Threads are fibers: they change over only where something sleeps, as in the real homes.
 */
#ifndef TOLL_HOST_H
#define TOLL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- env.c ---- */

/* From now on only [start, start + bytes) is the caller's: env_copy_* elsewhere gives -EFAULT.  NULL: everything
   is, and a wild address crashes. */
void host_env_range(const void *start, size_t bytes);
void host_env_epoch(uint64_t seconds); /* wall-clock time at boot */
void host_env_quiet(bool quiet);       /* env_log says nothing */
/* Called before each env_copy_*: a test stands in for a page fault's handler here.  NULL: nothing. */
void host_env_on_copy(void (*handler)(void));

/* ---- alloc.c ---- */

/* The n-th allocation from now and all after it fail; 0: none.  Pages handed out and not given back. */
void host_alloc_fail(uint64_t n);
uint64_t host_alloc_pages_out(void);

/* ---- sched.c ---- */

/* Runs the threads made by sched_create until all have ended.  Whenever something sleeps, seed decides who goes on. */
void host_sched_run(uint64_t seed);
/* A place where the running thread may have to let others go first. */
void host_sched_pause(void);

/* ---- blk.c ---- */

/* The disk is this memory, whose length is a multiple of BLK_SECTOR_BYTES; NULL: there is no disk. */
void host_blk_use(void *image, uint64_t bytes);
/* Reads a file into new memory, which the caller frees; NULL if that fails.  Writes it out. */
void *host_blk_load(const char *path, uint64_t *bytes);
bool host_blk_save(const char *path, const void *image, uint64_t bytes);

/* The n-th request from now and, if for_good, all after it end with -EIO; 0: none does. */
void host_blk_fail(uint64_t n, bool for_good);
void host_blk_read_only(bool read_only); /* writes are refused with -EROFS */
uint64_t host_blk_requests(void);        /* so far */

/* Keeps what was written since the last BLK_FLUSH apart, until false is given. */
void host_blk_record(bool record);
/* After each request while recording: lets a test look at every moment.  NULL: nothing. */
void host_blk_on_request(void (*handler)(void));
/* The disk as it may be after losing power now: what was flushed, and a choice (by seed) of the segments written
   since.  The caller frees it. */
void *host_blk_crash(uint64_t seed, uint64_t *bytes);

#endif

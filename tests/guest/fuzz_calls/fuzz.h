/* SPDX-License-Identifier: MIT */
/* fuzz.h: what the files of fuzz_calls share: random values, the memory and files that calls are let loose on. */
#ifndef TOLL_FUZZ_H
#define TOLL_FUZZ_H

#include "toll.h"

#define FUZZ_PAGE 4096ull
#define FUZZ_REGION (16ull << 20) /* what calls on mappings may change */
#define FUZZ_ARENA (64 * FUZZ_PAGE)
#define FUZZ_FILE_MAP (4 * FUZZ_PAGE)
#define FUZZ_FDS 12
#define FUZZ_FD_LIMIT 64 /* calls that choose a descriptor by themselves stay below */
#define FUZZ_PORT 4711

struct fuzz {
    char *region;   /* mapped at the start; calls may do to it what they like */
    char *arena;    /* writable, and what lies in it is nobody's */
    char *readonly; /* one page */
    char *edge;     /* one writable page; behind it nothing may be touched */
    char *zeros;    /* one page of zeros, read-only: times of no length */
    char *file_map; /* a shared mapping of the file that is fds[0] */
    int fds[FUZZ_FDS];
    unsigned threads;
    char directory[64];
};
extern struct fuzz fuzz;

/* A reproducible sequence: the next number, and one below n. */
uint64_t fuzz_random(void);
uint64_t fuzz_below(uint64_t n);
void fuzz_seed(uint64_t seed);

/* Values of each kind of argument. */
uint64_t fuzz_int(void);
uint64_t fuzz_size(void);
uint64_t fuzz_pointer(void);
uint64_t fuzz_pointer_bad(void); /* nothing can be there */
uint64_t fuzz_path(void);
uint64_t fuzz_word(void); /* anything */

/* Changes a call so that it cannot end this program, block for ever or break what it stands on. */
void fuzz_tame(long *number, uint64_t args[6]);

/* Makes memory and descriptors; makes those anew that calls have taken away. */
void fuzz_memory_init(void);
void fuzz_files_renew(void);
void fuzz_files_close_others(void);
void fuzz_files_no_wait(void);

#endif

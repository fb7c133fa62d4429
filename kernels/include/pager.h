/* SPDX-License-Identifier: MIT */
/*
 * pager.h: address spaces of applications: regions, and the pages that faults bring into them.
 *
 * A region is a page-aligned range with one protection and one source: zero-filled memory, a file of fs.h, or
 * memory of this domain (a program's image).  Private writable pages of a file or an image are copied when first
 * written.  Where a home has only one space, pager_space_create returns -ENOSYS and everything else works on the
 * space that it started with.
 */
#ifndef TOLL_PAGER_H
#define TOLL_PAGER_H

#include "base/list.h"
#include "env.h"
#include <stdint.h>

#define PAGER_READ 1u
#define PAGER_WRITE 2u
#define PAGER_EXEC 4u
#define PAGER_SHARED 8u    /* writes go to the source; else they are private */
#define PAGER_POPULATE 16u /* bring every page in at once */
#define PAGER_NO_WRITE 32u /* write access may not be given later either: the file is open for reading only */
#define PAGER_DIRTY 64u    /* of a page that is there: written to since it was mapped or protected */

struct table; /* a page table of the home */

struct space {
    struct table *table;
    struct list regions; /* sorted by address */
    struct region *last; /* the region of the last fault */
    uint64_t low, high;  /* regions lie in [low, high) */
    uint64_t brk_start, brk;
    uint64_t pages; /* now mapped */
    unsigned refs;
};

/* What a region's pages come from. */
struct pager_source {
    enum { PAGER_ZERO, PAGER_FILE, PAGER_IMAGE } kind;
    int node;          /* PAGER_FILE: a node of fs.h, of which the region takes its own reference */
    const void *image; /* PAGER_IMAGE: page-aligned memory of this domain that outlives the region */
    uint64_t offset;   /* of the region's first byte in the file or image; page-aligned */
    uint64_t bytes;    /* PAGER_IMAGE and private PAGER_FILE: bytes from offset that exist; zeros follow */
};

/* An empty space with one reference.  -ENOMEM; -ENOSYS where the home has only the space it started with. */
int pager_space_create(struct space **out);
/* The home's first space, over an existing table. */
void pager_space_init(struct space *space, struct table *table, uint64_t low, uint64_t high);
void pager_space_get(struct space *space);
void pager_space_put(struct space *space); /* the last one gives every page back */

/* Makes a region of bytes (rounded up to pages) at *address (exactly there if fixed, replacing what is there;
   else *address is only a wish) and stores where it is.  -ENOMEM -EINVAL (not in [low, high), not aligned) */
int pager_map(struct space *space, uint64_t *address, uint64_t bytes, uint32_t flags, bool fixed,
              const struct pager_source *source);
int pager_unmap(struct space *space, uint64_t address, uint64_t bytes);
int pager_protect(struct space *space, uint64_t address, uint64_t bytes,
                  uint32_t flags);                                     /* -ENOMEM: a hole; -EACCES: PAGER_NO_WRITE */
int pager_sync(struct space *space, uint64_t address, uint64_t bytes); /* shared file pages go to the file */
int pager_unmap_files(struct space *space);                            /* all files, written as by sync */
int pager_advise_free(struct space *space, uint64_t address, uint64_t bytes); /* drop private zero pages */

/* Moves the break: the new one, or the old one if it cannot move. */
uint64_t pager_brk(struct space *space, uint64_t brk);

/* A page fault at address: PAGER_READ, _WRITE or _EXEC was tried.  0 if the access may be tried again, -EFAULT if
   it is not allowed, -ENOMEM, -EIO.  May sleep. */
int pager_fault(struct space *space, uint64_t address, uint32_t access);

/* Whether address lies in a private, writable region of zeros, whose page a home may bring in by itself.  Changes
   nothing and may be called at any instruction of this part. */
bool pager_is_plain(struct space *space, uint64_t address);

/* Needed from the home: one page table each.  Table functions change one page; access is PAGER_READ|WRITE|EXEC.
   env_table_map takes over one reference of the frame; _unmap returns the frame, or NULL, and whether it was
   written to; _find returns the frame mapped there, or NULL; _next returns the first page
   from address on that has a frame, or end if none below it has. */
int env_table_create(struct table **out);             /* -ENOSYS, -ENOMEM */
void env_space_bounds(uint64_t *low, uint64_t *high); /* where regions may lie in a new space */
void env_table_destroy(struct table *table);
int env_table_map(struct table *table, uint64_t address, void *frame, uint32_t access);
void *env_table_unmap(struct table *table, uint64_t address, bool *dirty);
void env_table_protect(struct table *table, uint64_t address, uint32_t access);
void *env_table_find(struct table *table, uint64_t address, uint32_t *access);
uint64_t env_table_next(struct table *table, uint64_t address, uint64_t end);

#endif

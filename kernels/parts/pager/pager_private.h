/* SPDX-License-Identifier: MIT */
/* pager_private.h: what space.c (regions) and fault.c (pages) share. */
#ifndef TOLL_PAGER_PRIVATE_H
#define TOLL_PAGER_PRIVATE_H

#include "pager.h"
#include "sched.h"

#define PAGER_ACCESS (PAGER_READ | PAGER_WRITE | PAGER_EXEC)

struct region {
    struct list link;
    uint64_t start, end;
    uint32_t flags;
    unsigned pins; /* threads that sleep and will look at the region again: it may not go or change meanwhile */
    struct pager_source source;
};

/* Threads that wait for a region to be unpinned. */
extern struct waitq region_unpinned;

static inline void region_pin(struct region *r)
{
    r->pins++;
}
static inline void region_unpin(struct region *r)
{
    if (--r->pins == 0)
        sched_wake(&region_unpinned, UINT32_MAX);
}

/* The region that contains address, or else the first one above it; NULL if there is none. */
struct region *region_after(struct space *space, uint64_t address);

/* Whether a mapped frame belongs to the region's image and so is nobody's to free. */
bool region_frame_is_image(const struct region *r, const void *frame);

/* Writes the pages of a shared file region between start and end to the file. */
int region_sync(struct space *space, struct region *r, uint64_t start, uint64_t end);

#endif

/* SPDX-License-Identifier: MIT */
/* pager_private.h: what space.c (regions) and fault.c (pages) share. */
#ifndef TOLL_PAGER_PRIVATE_H
#define TOLL_PAGER_PRIVATE_H

#include "pager.h"

#define PAGER_ACCESS (PAGER_READ | PAGER_WRITE | PAGER_EXEC)

struct region {
    struct list link;
    uint64_t start, end;
    uint32_t flags;
    struct pager_source source;
};

/* The region that contains address, or else the first one above it; NULL if there is none. */
struct region *region_after(struct space *space, uint64_t address);

/* Whether a mapped frame belongs to the region's image and so is nobody's to free. */
bool region_frame_is_image(const struct region *r, const void *frame);

/* Writes the written pages of a shared file region to the file. */
int region_sync(struct space *space, struct region *r);

#endif

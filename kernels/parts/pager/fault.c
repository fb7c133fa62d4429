/* SPDX-License-Identifier: MIT */
/*
 * fault.c: what a page fault brings in (contract: pager.h).
 *
 *   zero        a cleared frame
 *   file        a frame with a copy of the file's bytes, zeros behind its end
 *   image       read: the image's own frame, read-only, unless the image ends inside the page; write: a copy
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "fs.h"
#include "pager_private.h"

bool region_frame_is_image(const struct region *r, const void *frame)
{
    const char *image = r->source.image;

    if (r->source.kind != PAGER_IMAGE)
        return false;
    image += r->source.offset;
    return (const char *)frame >= image && (const char *)frame < image + r->source.bytes;
}

static void *page_from_image(const struct region *r, uint64_t at, bool copy, bool *is_copy)
{
    const char *from = (const char *)r->source.image + r->source.offset + at;
    uint64_t left = r->source.bytes > at ? r->source.bytes - at : 0;
    char *page;

    *is_copy = copy || left < PAGE_BYTES;
    if (!*is_copy)
        return (void *)from;
    page = alloc_page();
    if (!page)
        return NULL;
    if (left > PAGE_BYTES)
        left = PAGE_BYTES;
    memcpy(page, from, left);
    memset(page + left, 0, PAGE_BYTES - left);
    return page;
}

/* Reading may sleep. */
static int page_from_file(struct region *r, uint64_t at, void **out)
{
    uint64_t want = PAGE_BYTES;
    char *page = alloc_page();
    int64_t got;

    if (!page)
        return -ENOMEM;
    if (!(r->flags & PAGER_SHARED) && r->source.bytes < at + want)
        want = r->source.bytes > at ? r->source.bytes - at : 0;
    region_pin(r);
    got = want ? fs_load(r->source.node, r->source.offset + at, page, want) : 0;
    region_unpin(r);
    if (got < 0) {
        alloc_page_free(page);
        return (int)got;
    }
    memset(page + got, 0, PAGE_BYTES - (uint64_t)got);
    *out = page;
    return 0;
}

/* The frame for a page and the access with which it may be mapped now. */
static int page_make(struct region *r, uint64_t at, uint32_t access, void **frame, uint32_t *allowed)
{
    bool is_copy;

    *allowed = r->flags & PAGER_ACCESS;
    if (r->source.kind == PAGER_FILE)
        return page_from_file(r, at, frame);
    if (r->source.kind == PAGER_ZERO) {
        *frame = alloc_page_zeroed();
        return *frame ? 0 : -ENOMEM;
    }
    *frame = page_from_image(r, at, access & PAGER_WRITE, &is_copy);
    if (!is_copy)
        *allowed &= ~PAGER_WRITE;
    return *frame ? 0 : -ENOMEM;
}

/* A write to a page that is there but not writable: the image's, so it is copied now.  Any other page has less access
   than its region only where the home could not give more. */
static int page_copy(struct space *space, struct region *r, uint64_t page, const void *old, uint32_t access)
{
    uint32_t have;
    void *copy;
    int error;

    if (!region_frame_is_image(r, old)) {
        env_table_protect(space->table, page, r->flags & PAGER_ACCESS);
        env_table_find(space->table, page, &have);
        return (have & access) == access ? 0 : -ENOMEM;
    }
    copy = alloc_page();
    if (!copy)
        return -ENOMEM;
    memcpy(copy, old, PAGE_BYTES);
    error = env_table_map(space->table, page, copy, r->flags & PAGER_ACCESS);
    if (error)
        alloc_page_free(copy);
    return error;
}

static int page_present(struct space *space, struct region *r, uint64_t page, uint32_t access)
{
    uint32_t have;
    void *frame = env_table_find(space->table, page, &have);

    if (!frame)
        return -ENOENT;
    if ((have & access) == access)
        return 0; /* somebody else brought it in while this one slept, or a stale TLB entry */
    return page_copy(space, r, page, frame, access);
}

int pager_fault(struct space *space, uint64_t address, uint32_t access)
{
    uint64_t page = address & ~((uint64_t)PAGE_BYTES - 1);
    struct region *r = space->last;
    uint32_t allowed;
    void *frame = NULL;
    int error;

    if (!r || address < r->start || address >= r->end)
        r = region_after(space, address);
    if (!r || address < r->start || !(r->flags & PAGER_ACCESS) || (access & ~r->flags & (PAGER_WRITE | PAGER_EXEC)))
        return -EFAULT;
    space->last = r;
    error = page_present(space, r, page, access);
    if (error != -ENOENT)
        return error;
    error = page_make(r, page - r->start, access, &frame, &allowed);
    if (error)
        return error;
    if (r->source.kind == PAGER_FILE && env_table_find(space->table, page, NULL)) {
        alloc_page_free(frame);
        return 0; /* another thread was faster while this one slept */
    }
    error = env_table_map(space->table, page, frame, allowed);
    if (!error)
        space->pages++;
    else if (!region_frame_is_image(r, frame))
        alloc_page_free(frame);
    return error;
}

bool pager_is_plain(struct space *space, uint64_t address)
{
    const struct region *r = region_after(space, address);

    return r && r->start <= address && r->source.kind == PAGER_ZERO &&
           (r->flags & (PAGER_WRITE | PAGER_SHARED)) == PAGER_WRITE;
}

int region_sync(struct space *space, struct region *r, uint64_t start, uint64_t end)
{
    struct fs_stat stat;
    int64_t error = 0;

    if (r->source.kind != PAGER_FILE || !(r->flags & PAGER_SHARED) || !(r->flags & PAGER_WRITE))
        return 0;
    error = fs_stat(r->source.node, &stat);
    if (start < r->start)
        start = r->start;
    region_pin(r);
    if (end > r->end)
        end = r->end;
    for (uint64_t a = start; error >= 0 && (a = env_table_next(space->table, a, end)) < end; a += PAGE_BYTES) {
        uint64_t offset = r->source.offset + (a - r->start), n = PAGE_BYTES;
        uint32_t have = 0;
        if (offset >= stat.bytes)
            break;
        if (stat.bytes - offset < n)
            n = stat.bytes - offset;
        env_table_find(space->table, a, &have);
        if (!(have & PAGER_DIRTY))
            continue;
        env_table_protect(space->table, a, r->flags & PAGER_ACCESS); /* clean, before the write may sleep */
        error = fs_write(r->source.node, offset, a, n);
    }
    region_unpin(r);
    return error < 0 ? (int)error : 0;
}

int pager_sync(struct space *space, uint64_t address, uint64_t bytes)
{
    uint64_t end = address + bytes;
    int error = 0;

    for (struct region *r = region_after(space, address); r && r->start < end && !error;
         r = region_after(space, r->end))
        error = region_sync(space, r, address, end);
    return error;
}

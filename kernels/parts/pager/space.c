/* SPDX-License-Identifier: MIT */
/*
 * space.c: regions of an address space: a list sorted by address, without overlaps (contract: pager.h).
 *
 * Reading and writing files sleeps; who does that pins the region, and who changes regions waits for the pins first
 * and then goes through without sleeping.
 *
 * A change of part of a region first splits it at the change's borders, so that every change is of whole regions.
 * Neighbours that have become alike are joined again where memory is given back most often: never; lists stay short.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "fs.h"
#include "pager_private.h"

#define PAGE_MASK ((uint64_t)PAGE_BYTES - 1)

struct waitq region_unpinned = WAITQ_INIT(region_unpinned);

static uint64_t pages_round(uint64_t bytes)
{
    return (bytes + PAGE_MASK) & ~PAGE_MASK;
}

void pager_space_init(struct space *space, struct table *table, uint64_t low, uint64_t high)
{
    memset(space, 0, sizeof *space);
    space->table = table;
    space->low = low;
    space->high = high;
    space->refs = 1;
    list_init(&space->regions);
}

struct region *region_after(struct space *space, uint64_t address)
{
    LIST_FOR(l, &space->regions)
    {
        struct region *r = LIST_ENTRY(l, struct region, link);
        if (r->end > address)
            return r;
    }
    return NULL;
}

static void source_get(const struct pager_source *source)
{
    if (source->kind == PAGER_FILE)
        fs_get(source->node);
}

/* Takes a region out of its space and puts it on the list gone. */
static void region_take(struct space *space, struct region *r, struct list *gone)
{
    if (space->last == r)
        space->last = NULL;
    list_remove(&r->link);
    list_add(gone, &r->link);
}

/* Frees regions that are in no space any more; closing their files may sleep. */
static void regions_free(struct list *gone)
{
    while (!list_empty(gone)) {
        struct region *r = LIST_ENTRY(gone->next, struct region, link);
        list_remove(&r->link);
        if (r->source.kind == PAGER_FILE)
            fs_close(r->source.node);
        alloc_put(r);
    }
}

/* Cuts the region that contains address in two there. */
static int region_split(struct space *space, uint64_t address)
{
    struct region *r = region_after(space, address), *upper;
    uint64_t low_bytes;

    if (!r || r->start >= address)
        return 0;
    upper = alloc_get(sizeof *upper);
    if (!upper)
        return -ENOMEM;
    low_bytes = address - r->start;
    *upper = *r;
    upper->start = address;
    upper->source.offset += low_bytes;
    upper->source.bytes = r->source.bytes > low_bytes ? r->source.bytes - low_bytes : 0;
    r->end = address;
    list_add(r->link.next, &upper->link);
    source_get(&upper->source);
    return 0;
}

static int range_split(struct space *space, uint64_t start, uint64_t end)
{
    int error = region_split(space, start);
    return error ? error : region_split(space, end);
}

/* Returns when no region in [start, end) is pinned. */
static void range_wait(struct space *space, uint64_t start, uint64_t end)
{
    struct region *r = region_after(space, start);

    while (r && r->start < end) {
        bool pinned = r->pins > 0;
        if (pinned)
            sched_wait_always(&region_unpinned);
        r = region_after(space, pinned ? start : r->end);
    }
}

static int range_check(const struct space *space, uint64_t address, uint64_t bytes)
{
    if (address & PAGE_MASK || bytes == 0 || bytes > space->high || address < space->low ||
        address > space->high - bytes)
        return -EINVAL;
    return 0;
}

/* The highest gap of that size, or 0. */
static uint64_t room_find(struct space *space, uint64_t bytes)
{
    uint64_t top = space->high;

    for (struct list *l = space->regions.prev; l != &space->regions; l = l->prev) {
        struct region *r = LIST_ENTRY(l, struct region, link);
        if (r->end <= top && top - r->end >= bytes)
            return top - bytes;
        top = r->start;
    }
    return top >= bytes && top - bytes >= space->low ? top - bytes : 0;
}

static bool range_is_used(struct space *space, uint64_t start, uint64_t end)
{
    struct region *r = region_after(space, start);

    return r && r->start < end;
}

static int region_add(struct space *space, uint64_t start, uint64_t end, uint32_t flags,
                      const struct pager_source *source)
{
    struct region *r = alloc_get(sizeof *r), *next = region_after(space, start);

    if (!r)
        return -ENOMEM;
    *r = (struct region){.start = start, .end = end, .flags = flags, .source = *source};
    list_add(next ? &next->link : &space->regions, &r->link);
    source_get(source);
    return 0;
}

static int region_populate(struct space *space, uint64_t start, uint64_t end, uint32_t flags)
{
    int error = 0;

    for (; start < end && !error; start += PAGE_BYTES)
        error = pager_fault(space, start, flags & (PAGER_READ | PAGER_WRITE));
    return error;
}

int pager_map(struct space *space, uint64_t *address, uint64_t bytes, uint32_t flags, bool fixed,
              const struct pager_source *source)
{
    uint64_t length = pages_round(bytes), start = *address;
    int error;

    if (bytes == 0 || length < bytes)
        return -EINVAL;
    if (fixed)
        error = range_check(space, start, length);
    else
        error = (start = room_find(space, length)) ? 0 : -ENOMEM;
    while (!error && fixed &&
           range_is_used(space, start, start + length)) /* another thread may map while this sleeps */
        error = pager_unmap(space, start, length);
    if (!error)
        error = region_add(space, start, start + length, flags, source);
    if (error)
        return error;
    *address = start;
    if (flags & PAGER_POPULATE && flags & PAGER_ACCESS)
        error = region_populate(space, start, start + length, flags);
    if (error)
        pager_unmap(space, start, length);
    return error;
}

/* Gives back the pages of [start, end) of a region. */
static void region_pages_drop(struct space *space, struct region *r, uint64_t start, uint64_t end)
{
    while ((start = env_table_next(space->table, start, end)) < end) {
        void *frame = env_table_unmap(space->table, start, NULL);
        space->pages--;
        if (!region_frame_is_image(r, frame))
            alloc_page_free(frame);
    }
}

int pager_unmap(struct space *space, uint64_t address, uint64_t bytes)
{
    struct list gone = LIST_INIT(gone);
    uint64_t end = address + pages_round(bytes);
    struct region *r;
    int error = range_check(space, address, pages_round(bytes));

    if (error)
        return error;
    pager_sync(space, address, end - address);
    range_wait(space, address, end);
    error = range_split(space, address, end);
    if (error)
        return error;
    while ((r = region_after(space, address)) && r->start < end) {
        region_pages_drop(space, r, r->start, r->end);
        region_take(space, r, &gone);
    }
    regions_free(&gone);
    return 0;
}

int pager_unmap_files(struct space *space)
{
    struct region *r = region_after(space, space->low);
    int error = 0;

    while (r && !error) {
        uint64_t start = r->start, end = r->end;
        if (r->source.kind == PAGER_FILE)
            error = pager_unmap(space, start, end - start);
        r = region_after(space, end);
    }
    return error;
}

/* Whether regions cover all of [start, end). */
static bool range_is_mapped(struct space *space, uint64_t start, uint64_t end)
{
    while (start < end) {
        struct region *r = region_after(space, start);
        if (!r || r->start > start)
            return false;
        start = r->end;
    }
    return true;
}

static bool range_forbids_write(struct space *space, uint64_t start, uint64_t end)
{
    for (struct region *r = region_after(space, start); r && r->start < end; r = region_after(space, r->end))
        if (r->flags & PAGER_NO_WRITE)
            return true;
    return false;
}

/* Present pages of a private region that were not copied yet must not become writable. */
static void region_protect(struct space *space, struct region *r, uint32_t flags)
{
    r->flags = (r->flags & ~PAGER_ACCESS) | flags;
    for (uint64_t a = r->start; (a = env_table_next(space->table, a, r->end)) < r->end; a += PAGE_BYTES) {
        void *frame = env_table_find(space->table, a, NULL);
        env_table_protect(space->table, a, region_frame_is_image(r, frame) ? flags & ~PAGER_WRITE : flags);
    }
}

int pager_protect(struct space *space, uint64_t address, uint64_t bytes, uint32_t flags)
{
    uint64_t end = address + pages_round(bytes);
    int error = range_check(space, address, pages_round(bytes));

    if (!error)
        pager_sync(space, address, end - address); /* protecting forgets what was written: it goes to its file now */
    if (!error)
        range_wait(space, address, end);
    if (!error && !range_is_mapped(space, address, end))
        error = -ENOMEM;
    if (!error && flags & PAGER_WRITE && range_forbids_write(space, address, end))
        error = -EACCES;
    if (!error)
        error = range_split(space, address, end);
    if (error)
        return error;
    for (struct region *r = region_after(space, address); r && r->start < end; r = region_after(space, r->end))
        region_protect(space, r, flags & PAGER_ACCESS);
    return 0;
}

int pager_advise_free(struct space *space, uint64_t address, uint64_t bytes)
{
    uint64_t end = address + pages_round(bytes);
    int error = range_check(space, address, pages_round(bytes));

    if (error)
        return error;
    for (struct region *r = region_after(space, address); r && r->start < end; r = region_after(space, r->end))
        if (r->source.kind == PAGER_ZERO && !(r->flags & PAGER_SHARED))
            region_pages_drop(space, r, r->start > address ? r->start : address, r->end < end ? r->end : end);
    return 0;
}

/* Lets the break's last region reach further, if it ends there. */
static bool brk_extend(struct space *space, uint64_t old_end, uint64_t end)
{
    struct region *r = old_end > space->brk_start ? region_after(space, old_end - 1) : NULL;

    if (!r || r->end != old_end || r->source.kind != PAGER_ZERO || r->flags != (PAGER_READ | PAGER_WRITE))
        return false;
    r->end = end;
    return true;
}

uint64_t pager_brk(struct space *space, uint64_t brk)
{
    uint64_t old_end = pages_round(space->brk), end = pages_round(brk);
    const struct pager_source zero = {.kind = PAGER_ZERO};
    struct region *next;

    if (brk < space->brk_start || brk > space->high)
        return space->brk;
    next = region_after(space, old_end);
    if (end > old_end && next && next->start < end)
        return space->brk;
    if (end > old_end && brk_extend(space, old_end, end))
        return space->brk = brk;
    if (end > old_end && region_add(space, old_end, end, PAGER_READ | PAGER_WRITE, &zero) < 0)
        return space->brk;
    if (end < old_end && pager_unmap(space, end, old_end - end) < 0)
        return space->brk;
    return space->brk = brk;
}

int pager_space_create(struct space **out)
{
    struct table *table;
    struct space *space;
    int error = env_table_create(&table);

    if (error)
        return error;
    space = alloc_get(sizeof *space);
    if (!space) {
        env_table_destroy(table);
        return -ENOMEM;
    }
    env_space_bounds(&space->low, &space->high);
    pager_space_init(space, table, space->low, space->high);
    *out = space;
    return 0;
}

void pager_space_get(struct space *space)
{
    space->refs++;
}

void pager_space_put(struct space *space)
{
    struct list gone = LIST_INIT(gone);

    if (--space->refs)
        return;
    while (!list_empty(&space->regions)) {
        struct region *r = LIST_ENTRY(space->regions.next, struct region, link);
        region_pages_drop(space, r, r->start, r->end);
        region_take(space, r, &gone);
    }
    regions_free(&gone);
    env_table_destroy(space->table);
    alloc_put(space);
}

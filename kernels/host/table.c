/* SPDX-License-Identifier: MIT */
/*
 * table.c (host): page tables for the part pager: a sorted array of pages.  As in a real one, the first page of each
 * 2 MiB takes a frame of its own for the table, and a page that is present can always be read.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "host.h"
#include "pager.h"
#include "sched.h"
#include <stdlib.h>
#include <string.h>

#define LEVEL_SHIFT 21
#define FAULTS_MAX 4

struct entry {
    uint64_t page;
    void *frame;
    uint32_t access;
    bool dirty;
};

struct table {
    struct entry *entries;
    size_t count, room;
    uint64_t *levels; /* 2 MiB ranges that have a frame, and these */
    void **level_frames;
    size_t level_count;
};

static uint64_t space_low = HOST_SPACE_LOW, space_high = HOST_SPACE_HIGH;
static bool only_space, refuses;

void host_table_bounds(uint64_t low, uint64_t high)
{
    space_low = low;
    space_high = high;
}

void host_table_only(bool only)
{
    only_space = only;
}

void host_table_refuse(bool refuse)
{
    refuses = refuse;
}

void env_space_bounds(uint64_t *low, uint64_t *high)
{
    *low = space_low;
    *high = space_high;
}

int env_table_create(struct table **out)
{
    if (only_space)
        return -ENOSYS;
    *out = alloc_get(sizeof **out);
    return *out ? 0 : -ENOMEM;
}

void env_table_destroy(struct table *table)
{
    if (table->count)
        panic("a table that is destroyed still maps %zu pages", table->count);
    for (size_t i = 0; i < table->level_count; i++)
        alloc_page_free(table->level_frames[i]);
    free(table->entries);
    free(table->levels);
    free(table->level_frames);
    alloc_put(table);
}

/* Where page stands, or would. */
static size_t entry_place(const struct table *table, uint64_t page)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->entries[middle].page < page)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct entry *entry_find(const struct table *table, uint64_t page)
{
    size_t at = entry_place(table, page);
    ASSERT(page % PAGE_BYTES == 0);
    return at < table->count && table->entries[at].page == page ? &table->entries[at] : NULL;
}

static int level_get(struct table *table, uint64_t page)
{
    size_t n = table->level_count;
    for (size_t i = 0; i < n; i++)
        if (table->levels[i] == page >> LEVEL_SHIFT)
            return 0;
    void *frame = alloc_page();
    if (!frame)
        return -ENOMEM;
    table->levels = realloc(table->levels, (n + 1) * sizeof *table->levels);
    table->level_frames = realloc(table->level_frames, (n + 1) * sizeof *table->level_frames);
    ASSERT(table->levels && table->level_frames);
    table->levels[n] = page >> LEVEL_SHIFT;
    table->level_frames[n] = frame;
    table->level_count++;
    return 0;
}

static struct entry *entry_make(struct table *table, uint64_t page)
{
    size_t at = entry_place(table, page);
    if (table->count == table->room) {
        table->room = table->room ? table->room * 2 : 16;
        table->entries = realloc(table->entries, table->room * sizeof *table->entries);
        ASSERT(table->entries);
    }
    memmove(&table->entries[at + 1], &table->entries[at], (table->count - at) * sizeof *table->entries);
    table->count++;
    table->entries[at] = (struct entry){.page = page};
    return &table->entries[at];
}

int env_table_map(struct table *table, uint64_t address, void *frame, uint32_t access)
{
    struct entry *e = entry_find(table, address);
    ASSERT(frame && address >= space_low && address < space_high);
    if (refuses || (!e && level_get(table, address)))
        return -ENOMEM;
    if (!e)
        e = entry_make(table, address);
    e->frame = frame;
    e->access = access;
    e->dirty = false;
    return 0;
}

void *env_table_unmap(struct table *table, uint64_t address, bool *dirty)
{
    struct entry *e = entry_find(table, address);
    if (!e)
        return NULL;
    void *frame = e->frame;
    if (dirty)
        *dirty = e->dirty;
    table->count--;
    memmove(e, e + 1, (size_t)(table->entries + table->count - e) * sizeof *e);
    return frame;
}

void env_table_protect(struct table *table, uint64_t address, uint32_t access)
{
    struct entry *e = entry_find(table, address);
    if (e) {
        e->access = refuses && access & ~e->access ? 0 : access;
        e->dirty = false;
    }
}

void *env_table_find(struct table *table, uint64_t address, uint32_t *access)
{
    struct entry *e = entry_find(table, address);
    if (e && access)
        *access = e->access | (e->access ? PAGER_READ : 0) | (e->dirty ? PAGER_DIRTY : 0);
    return e ? e->frame : NULL;
}

uint64_t env_table_next(struct table *table, uint64_t address, uint64_t end)
{
    size_t at = entry_place(table, address);
    return at < table->count && table->entries[at].page < end ? table->entries[at].page : end;
}

size_t host_table_pages(const struct table *table)
{
    return table->count;
}

void *host_space_translate(uint64_t address, bool write)
{
    struct space *space = sched_current()->space;
    uint64_t page = address & ~((uint64_t)PAGE_BYTES - 1);
    uint32_t have, want = write ? PAGER_WRITE : PAGER_READ;
    if (address < space_low || address >= space_high)
        return (void *)address;
    for (unsigned i = 0; space && i < FAULTS_MAX; i++) {
        char *frame = env_table_find(space->table, page, &have);
        if (frame && have & want) {
            entry_find(space->table, page)->dirty |= write;
            return frame + (address - page);
        }
        if (pager_fault(space, address, want))
            return NULL;
    }
    return NULL;
}

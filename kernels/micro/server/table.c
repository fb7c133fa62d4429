/* SPDX-License-Identifier: MIT */
/*
 * table.c: pager.h's page tables over the kernel's calls.  The mirror's entries in the lowest level: the frame, as this
 * domain addresses it, and in its low bits the access and whether it was written to.
 */
#include "micro/server/table.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "machine/layout.h"
#include "micro/client/message.h"
#include "pager.h"

#define ACCESS (PAGER_READ | PAGER_WRITE | PAGER_EXEC)
#define FRAME(entry) ((void *)((entry) & ~(uint64_t)(PAGE_BYTES - 1)))
#define WAS_WRITTEN 2 /* in what MICRO_UNMAP and MICRO_PROTECT say */
#define LEVELS 4

static uint64_t next_process, next_label;

void table_next(uint64_t process, uint64_t label)
{
    next_process = process;
    next_label = label;
}

static unsigned level_index(uint64_t address, unsigned level)
{
    return address >> (PAGE_SHIFT + 9 * level) & 511;
}

int env_table_create(struct table **out)
{
    struct table *table = alloc_get(sizeof *table);
    int64_t space = -ENOMEM;

    if (table)
        table->root = alloc_page_zeroed();
    if (table && table->root)
        space = user_call(MICRO_SPACE_MAKE, next_process, next_label, 0, 0, 0, 0);
    if (space < 0) {
        if (table && table->root)
            alloc_page_free(table->root);
        alloc_put(table);
        return (int)space;
    }
    table->space = (uint64_t)space;
    *out = table;
    return 0;
}

void env_table_destroy(struct table *table)
{
    struct table_pages *next;

    user_call(MICRO_HANDLE_CLOSE, table->space, 0, 0, 0, 0, 0);
    for (struct table_pages *list = table->pages; list; list = next) {
        next = list->next;
        while (list->count)
            alloc_page_free(list->page[--list->count]);
        alloc_put(list);
    }
    alloc_page_free(table->root);
    alloc_put(table);
}

void env_space_bounds(uint64_t *low, uint64_t *high)
{
    *low = USER_START;
    *high = APP_END;
}

static uint64_t *entry_find(const struct table *table, uint64_t address)
{
    uint64_t *level = table->root;

    for (unsigned i = LEVELS - 1; i > 0; i--) {
        level = (uint64_t *)level[level_index(address, i)];
        if (!level)
            return NULL;
    }
    return &level[level_index(address, 0)];
}

/* A page of the mirror, cleared and noted as the table's. */
static void *page_make(struct table *table)
{
    struct table_pages *list = table->pages;
    void *page = alloc_page_zeroed();

    if (page && (!list || list->count == TABLE_PAGES_MAX)) {
        list = alloc_get(sizeof *list);
        if (!list) {
            alloc_page_free(page);
            return NULL;
        }
        list->next = table->pages;
        table->pages = list;
    }
    if (page)
        list->page[list->count++] = page;
    return page;
}

static uint64_t *entry_make(struct table *table, uint64_t address)
{
    uint64_t *level = table->root;

    for (unsigned i = LEVELS - 1; i > 0; i--) {
        uint64_t *entry = &level[level_index(address, i)];
        if (!*entry)
            *entry = (uint64_t)page_make(table);
        if (!*entry)
            return NULL;
        level = (uint64_t *)*entry;
    }
    return &level[level_index(address, 0)];
}

int env_table_map(struct table *table, uint64_t address, void *frame, uint32_t access)
{
    uint64_t *entry = entry_make(table, address);
    int64_t error = entry ? 0 : -ENOMEM;

    if (!error && access & ACCESS)
        error = user_call(MICRO_MAP, table->space, address, (uint64_t)frame, access & ACCESS, 0, 0);
    else if (!error && *entry)
        user_call(MICRO_UNMAP, table->space, address, 0, 0, 0, 0);
    if (!error)
        *entry = (uint64_t)frame | (access & ACCESS);
    return (int)error;
}

void *env_table_unmap(struct table *table, uint64_t address, bool *dirty)
{
    uint64_t *entry = entry_find(table, address), old = entry ? *entry : 0;

    if (!old)
        return NULL;
    *entry = 0;
    if (old & ACCESS && user_call(MICRO_UNMAP, table->space, address, 0, 0, 0, 0) & WAS_WRITTEN)
        old |= PAGER_DIRTY;
    if (dirty)
        *dirty = old & PAGER_DIRTY;
    return FRAME(old);
}

/* The kernel can only take access away from a page that is mapped; more is another mapping.  A page without any access
   stays in the mirror only.  The kernel never maps a page with access that the mirror does not know: it would stay when
   the frame is another's. */
static void access_set(struct table *table, uint64_t address, uint64_t *entry, uint32_t access)
{
    uint32_t had = *entry & ACCESS;
    void *frame = FRAME(*entry);
    int64_t was = 0;

    if (had && access && !(access & ~had))
        was = user_call(MICRO_PROTECT, table->space, address, access, 0, 0, 0);
    else if (access)
        was = user_call(MICRO_MAP, table->space, address, (uint64_t)frame, access, 0, 0);
    else if (had)
        was = user_call(MICRO_UNMAP, table->space, address, 0, 0, 0, 0);
    if (was < 0) { /* no memory for the kernel's tables: a fault will try again */
        was = had ? user_call(MICRO_UNMAP, table->space, address, 0, 0, 0, 0) : 0;
        access = 0;
    }
    *entry = (uint64_t)frame | access | (was > 0 && was & WAS_WRITTEN ? PAGER_DIRTY : 0);
}

void env_table_protect(struct table *table, uint64_t address, uint32_t access)
{
    uint64_t *entry = entry_find(table, address);

    if (!entry || !*entry)
        return;
    access_set(table, address, entry, access & ACCESS);
    *entry &= ~(uint64_t)PAGER_DIRTY;
}

/* Only the kernel knows whether a page was written to, and tells when it is protected. */
void *env_table_find(struct table *table, uint64_t address, uint32_t *access)
{
    uint64_t *entry = entry_find(table, address);

    if (!entry || !*entry)
        return NULL;
    if (access && *entry & PAGER_WRITE) {
        uint64_t dirty = *entry & PAGER_DIRTY;
        access_set(table, address, entry, *entry & ACCESS);
        *entry |= dirty;
    }
    if (access)
        *access = *entry & (ACCESS | PAGER_DIRTY);
    return FRAME(*entry);
}

uint64_t env_table_next(struct table *table, uint64_t address, uint64_t end)
{
    while (address < end) {
        uint64_t *level = table->root, stop;
        unsigned i = LEVELS - 1;
        for (; i > 0 && level[level_index(address, i)]; i--)
            level = (uint64_t *)level[level_index(address, i)];
        stop = (address | (((uint64_t)PAGE_BYTES << 9 * (i ? i : 1)) - 1)) + 1;
        if (stop > end)
            stop = end;
        for (; i == 0 && address < stop; address += PAGE_BYTES)
            if (level[level_index(address, 0)])
                return address;
        address = stop;
    }
    return end;
}

void *table_reach(struct table *table, uint64_t address, uint32_t access)
{
    uint64_t *entry = entry_find(table, address);

    if (!entry || (*entry & access) != access)
        return NULL;
    *entry |= access & PAGER_WRITE ? PAGER_DIRTY : 0;
    return FRAME(*entry);
}

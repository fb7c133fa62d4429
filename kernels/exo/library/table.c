/* SPDX-License-Identifier: MIT */
/*
 * table.c: page tables (pager.h).  They are changed by calls only.  The loaded one is read where it is: its own entry
 * TABLE_SLOT of the top level shows it in the address space, the lowest level at TABLE_WINDOW (SDM 3A 4.5).
 */
#include "alloc.h"
#include "base/errno.h"
#include "exo/library/library.h"
#include "pager.h"

#define PTE_P 1ull
#define PTE_W 2ull
#define PTE_D 64ull
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

#define TABLE_SLOT (TABLE_WINDOW >> 39)
#define WINDOW_PAGES TABLE_WINDOW
#define WINDOW_DIRECTORIES (WINDOW_PAGES + (TABLE_SLOT << 30))
#define WINDOW_POINTERS (WINDOW_DIRECTORIES + (TABLE_SLOT << 21))
#define WINDOW_TOP (WINDOW_POINTERS + (TABLE_SLOT << 12))

struct table {
    uint64_t number;
};

static uint64_t loaded; /* number */

static inline uint64_t window_entry(uint64_t window, uint64_t address, unsigned level)
{
    return ((const volatile uint64_t *)window)[address >> (PAGE_SHIFT + 9 * level)];
}

/* Whether the loaded table goes down to the lowest level at address.  *span: the bytes for which the entry that says so
   stands. */
static inline bool window_has_pages(uint64_t address, uint64_t *span)
{
    *span = 1ull << 39;
    if (!(window_entry(WINDOW_TOP, address, 3) & PTE_P))
        return false;
    *span = 1ull << 30;
    if (!(window_entry(WINDOW_POINTERS, address, 2) & PTE_P))
        return false;
    *span = 1ull << 21;
    return window_entry(WINDOW_DIRECTORIES, address, 1) & PTE_P;
}

static uint64_t entry_find(const struct table *table, uint64_t address)
{
    uint64_t span;

    if (table->number == loaded)
        return window_has_pages(address, &span) ? window_entry(WINDOW_PAGES, address, 0) : 0;
    return (uint64_t)exo_call(EXO_ENTRY, table->number, address);
}

/* Frames are this domain's memory or the program's file. */
static void *frame_of(uint64_t entry)
{
    uint64_t physical = entry & PTE_ADDRESS, offset = physical - user_info.ram_physical;

    if (!physical)
        return NULL;
    if (offset < user_info.ram_bytes)
        return user_ram() + offset;
    return (char *)PROGRAM_BASE + (physical - user_info.program_physical);
}

uint64_t table_frame_number(const void *frame)
{
    uint64_t offset = (uint64_t)((const char *)frame - user_ram());

    if (offset < user_info.ram_bytes)
        return (user_info.ram_physical + offset) >> PAGE_SHIFT;
    return (user_info.program_physical + (uint64_t)frame - PROGRAM_BASE) >> PAGE_SHIFT;
}

int env_table_create(struct table **out)
{
    struct table *table = alloc_get(sizeof *table);
    int64_t number = table ? exo_call(EXO_TABLE_MAKE) : -ENOMEM;

    if (number < 0) {
        alloc_put(table);
        return -ENOMEM;
    }
    table->number = (uint64_t)number;
    *out = table;
    return 0;
}

static void load(uint64_t number)
{
    if (number == loaded)
        return;
    exo_call(EXO_TABLE_LOAD, number);
    loaded = number;
}

void home_space(struct table *table)
{
    if (table)
        load(table->number);
}

void env_table_destroy(struct table *table)
{
    if (table->number == loaded)
        load(0);
    exo_call(EXO_TABLE_FREE, table->number);
    alloc_put(table);
}

int env_table_map(struct table *table, uint64_t address, void *frame, uint32_t access)
{
    return (int)exo_call(EXO_MAP, table->number, address, table_frame_number(frame), access);
}

void *env_table_unmap(struct table *table, uint64_t address, bool *dirty)
{
    uint64_t entry = (uint64_t)exo_call(EXO_UNMAP, table->number, address);

    if (dirty)
        *dirty = entry & PTE_D;
    return frame_of(entry);
}

void env_table_protect(struct table *table, uint64_t address, uint32_t access)
{
    exo_call(EXO_PROTECT, table->number, address, access);
}

void *env_table_find(struct table *table, uint64_t address, uint32_t *access)
{
    uint64_t entry = entry_find(table, address);

    if (access) {
        *access = entry & PTE_P ? PAGER_READ : 0;
        *access |= entry & PTE_W ? PAGER_WRITE : 0;
        *access |= entry & PTE_D ? PAGER_DIRTY : 0;
        *access |= entry & PTE_P && !(entry & PTE_NX) ? PAGER_EXEC : 0;
    }
    return frame_of(entry);
}

uint64_t env_table_next(struct table *table, uint64_t address, uint64_t end)
{
    uint64_t span;

    if (table->number != loaded)
        return (uint64_t)exo_call(EXO_ENTRY_NEXT, table->number, address, end);
    while (address < end) {
        bool pages = window_has_pages(address, &span);
        uint64_t stop = (address | (span - 1)) + 1;
        if (stop > end)
            stop = end;
        for (; pages && address < stop; address += PAGE_BYTES)
            if (window_entry(WINDOW_PAGES, address, 0) & PTE_ADDRESS)
                return address;
        address = stop;
    }
    return end;
}

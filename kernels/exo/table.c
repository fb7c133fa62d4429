/* SPDX-License-Identifier: MIT */
/*
 * table.c: an environment's page tables.  Below APP_END it decides what they say, about frames that are its own; above
 * lie its library and the tables themselves, the same in all of its tables.
 */
#include "alloc.h"
#include "base/errno.h"
#include "exo/call.h"
#include "exo/environment.h"
#include "machine/home.h"
#include "machine/layout.h"

#define ACCESS (PAGER_READ | PAGER_WRITE | PAGER_EXEC)
#define AT_ONCE 4096                       /* entries that are given up with interrupts off */
#define SEARCH_AT_ONCE (UINT64_C(1) << 26) /* and bytes of address space that are searched */

static const struct table *loaded = &paging_boot_table;

static void load(struct table *table)
{
    BOOK_ADD(books[WIRE_AS_SWITCH], 1);
    loaded = table;
    paging_load(table);
}

void table_use(const struct environment *e)
{
    struct table *table = e ? e->tables[e->loaded] : &paging_boot_table;

    if (table != loaded)
        load(table);
}

static struct table *table_of(const struct environment *e, uint64_t number)
{
    return number < TABLES_MAX ? e->tables[number] : NULL;
}

static bool is_page(uint64_t address)
{
    return address % PAGE_BYTES == 0 && address >= USER_START && address < APP_END;
}

/* The environment pays for the pages of its tables.  What the kernel's heap spends is nobody's: environments share its
   pages, so that one could make another pay. */
static void charge(struct environment *e, uint64_t number)
{
    uint64_t pages = e->tables[number] ? paging_table_pages(e->tables[number]) : 0;

    e->kernel_pages += (int64_t)(pages - e->table_pages[number]);
    e->table_pages[number] = pages;
}

int table_make(struct environment *e, unsigned number)
{
    int error = paging_table_create(&e->tables[number]);

    charge(e, number);
    if (!error)
        paging_table_show(e->tables[number], TABLE_WINDOW);
    if (!error && number)
        paging_table_share(e->tables[number], e->tables[0], DOMAIN_SLOT_BASE);
    return error;
}

/* The first address from there on that the table's lowest level goes down to, or more. */
static uint64_t hole_end(const struct table *table, uint64_t address)
{
    uint64_t span, entry = paging_table_entry(table, address, &span);

    return entry || span == PAGE_BYTES ? address : (address | (span - 1)) + 1;
}

/* paging_table_next, which can take long where many tables have few entries. */
static uint64_t entry_next(struct table *table, uint64_t address, uint64_t end)
{
    while (address < end && end - address > SEARCH_AT_ONCE) {
        uint64_t stop = address + SEARCH_AT_ONCE, found = paging_table_next(table, address, stop);
        if (found < stop)
            return found;
        address = hole_end(table, stop);
        time_pass();
    }
    return address < end ? paging_table_next(table, address, end) : end;
}

/* Most tables are empty when they are freed. */
static void unmap_all(struct environment *e, unsigned number)
{
    struct table *table = e->tables[number];
    uint64_t address = USER_START, span;

    for (; e->mapped[number]; e->mapped[number]--) {
        address = entry_next(table, address, APP_END);
        frame_unmapped(PAGING_ADDRESS(paging_table_entry(table, address, &span)) / PAGE_BYTES);
        address += PAGE_BYTES;
        if (e->mapped[number] % AT_ONCE == 0)
            time_pass();
    }
}

static void table_release(struct environment *e, unsigned number)
{
    unmap_all(e, number);
    paging_table_destroy(e->tables[number]);
    e->tables[number] = NULL;
    charge(e, number);
}

/* Table 0 last: it has what the others share. */
void table_release_all(struct environment *e)
{
    table_use(NULL);
    for (unsigned i = TABLES_MAX; i-- > 0;)
        if (e->tables[i])
            table_release(e, i);
}

int64_t call_table_make(CALL_N)
{
    struct environment *e = environment_current();
    unsigned number = 1;
    int error;

    while (number < TABLES_MAX && e->tables[number])
        number++;
    if (number == TABLES_MAX)
        return -EMFILE;
    error = e->kernel_pages < e->kernel_pages_max ? table_make(e, number) : -ENOMEM;
    return error ? error : (int64_t)number;
}

int64_t call_table_free(CALL_N, uint64_t number)
{
    struct environment *e = environment_current();

    if (!table_of(e, number))
        return -EINVAL;
    if (!number)
        return -EPERM;
    if (number == e->loaded)
        return -EBUSY;
    table_release(e, (unsigned)number);
    return 0;
}

int64_t call_table_load(CALL_N, uint64_t number)
{
    struct environment *e = environment_current();

    if (!table_of(e, number))
        return -EINVAL;
    e->loaded = (unsigned)number;
    table_use(e);
    return 0;
}

/* Whether an entry for address needs no more pages. */
static bool has_level(const struct table *table, uint64_t address)
{
    uint64_t span;

    paging_table_entry(table, address, &span);
    return span == PAGE_BYTES;
}

/* Whether the environment may have frame mapped with access. */
static bool may_map(const struct environment *e, uint64_t frame, uint64_t access)
{
    return frame_is_own(e, frame) || (!(access & PAGER_WRITE) && frame_is_program(frame));
}

int64_t call_map(CALL_N, uint64_t number_of_table, uint64_t address, uint64_t frame, uint64_t access)
{
    struct environment *e = environment_current();
    struct table *table = table_of(e, number_of_table);
    uint64_t had = alloc_free_pages(), old;
    int error;

    if (!table || !is_page(address) || access & ~(uint64_t)ACCESS)
        return -EINVAL;
    if (!may_map(e, frame, access))
        return -EPERM;
    if (e->kernel_pages >= e->kernel_pages_max && !has_level(table, address))
        return -ENOMEM;
    error = paging_table_exchange(table, address, frame * PAGE_BYTES, (uint32_t)access, &old);
    if (had != alloc_free_pages())
        charge(e, number_of_table);
    if (error)
        return error;
    frame_mapped(frame);
    if (PAGING_ADDRESS(old))
        frame_unmapped(PAGING_ADDRESS(old) / PAGE_BYTES);
    else
        e->mapped[number_of_table]++;
    return 0;
}

int64_t call_unmap(CALL_N, uint64_t number_of_table, uint64_t address)
{
    struct environment *e = environment_current();
    struct table *table = table_of(e, number_of_table);
    uint64_t entry, span;

    if (!table || !is_page(address))
        return -EINVAL;
    entry = paging_table_entry(table, address, &span);
    if (!PAGING_ADDRESS(entry))
        return 0;
    paging_table_unmap(table, address, NULL);
    e->mapped[number_of_table]--;
    frame_unmapped(PAGING_ADDRESS(entry) / PAGE_BYTES);
    return (int64_t)entry;
}

int64_t call_protect(CALL_N, uint64_t number_of_table, uint64_t address, uint64_t access)
{
    const struct environment *e = environment_current();
    struct table *table = table_of(e, number_of_table);
    uint64_t frame, span;

    if (!table || !is_page(address) || access & ~(uint64_t)ACCESS)
        return -EINVAL;
    frame = PAGING_ADDRESS(paging_table_entry(table, address, &span)) / PAGE_BYTES;
    if (frame && !may_map(e, frame, access))
        return -EPERM;
    paging_table_protect(table, address, (uint32_t)access);
    return 0;
}

int64_t call_entry_read(CALL_N, uint64_t number_of_table, uint64_t address)
{
    const struct table *table = table_of(environment_current(), number_of_table);
    uint64_t span;

    if (!table || address >= APP_END)
        return -EINVAL;
    return (int64_t)paging_table_entry(table, address, &span);
}

int64_t call_entry_next(CALL_N, uint64_t number_of_table, uint64_t address, uint64_t end)
{
    struct table *table = table_of(environment_current(), number_of_table);

    if (!table || end > APP_END || address > end)
        return -EINVAL;
    return (int64_t)entry_next(table, address & ~(uint64_t)(PAGE_BYTES - 1), end);
}

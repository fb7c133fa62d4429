/* SPDX-License-Identifier: MIT */
/*
 * memory.c: memory of one process in spaces of another.
 *
 * A process can map on only what it has for good: its memory, windows, the program's file.  What others have mapped to
 * it it cannot pass on, so whoever mapped a page knows every place where it is, and unmapping needs no search.
 */
#include "micro/memory.h"
#include "alloc.h"
#include "base/errno.h"
#include "machine/boot.h"
#include "machine/domain.h"
#include "machine/layout.h"
#include "machine/tlb.h"
#include "micro/handle.h"
#include "micro/process.h"
#include "micro/space.h"
#include "micro/tcb.h"

#define ENTRY_PRESENT 1ull
#define ENTRY_WRITE 2ull
#define ENTRY_USER 4ull
#define ENTRY_UNCACHED 16ull
#define ENTRY_DIRTY 64ull
#define ENTRY_LARGE 128ull
#define ENTRY_NEEDED (ENTRY_PRESENT | ENTRY_USER)
#define ACCESS_ALL (PAGER_READ | PAGER_WRITE | PAGER_EXEC)
#define LARGE_BYTES 0x200000u
#define LEVELS_PAGES 4 /* that a mapping may take at most */

/* The entry of a page directory for address, all of whose levels are there. */
static uint64_t *directory_entry(const struct table *table, uint64_t address)
{
    uint64_t *entries = table->pml4;

    for (unsigned shift = 39; shift > 21; shift -= 9)
        entries = paging_direct(PAGING_ADDRESS(entries[address >> shift & 511]));
    return &entries[address >> 21 & 511];
}

/* What the kernel writes by its own mapping counts as written in table, too. */
static void written_set(const struct table *table, uint64_t address)
{
    uint64_t *entry = directory_entry(table, address);

    if (!(*entry & ENTRY_LARGE))
        entry = (uint64_t *)paging_direct(PAGING_ADDRESS(*entry)) + (address >> PAGE_SHIFT & 511);
    *entry |= ENTRY_DIRTY;
}

char *memory_find(const struct table *table, uint64_t address, uint32_t access)
{
    uint64_t span, entry, physical;

    if (address >= USER_END)
        return NULL;
    entry = paging_table_entry(table, address, &span);
    physical = (PAGING_ADDRESS(entry) & ~(span - 1)) + address % span;
    if ((entry & ENTRY_NEEDED) != ENTRY_NEEDED || entry & ENTRY_UNCACHED || physical >= boot.memory_end)
        return NULL;
    if (access & PAGER_WRITE && !(entry & ENTRY_WRITE))
        return NULL;
    if (access & PAGER_WRITE)
        written_set(table, address);
    return paging_direct(physical);
}

/* The frame of a page that the running process may pass on. */
static char *own_frame(uint64_t address, uint32_t access)
{
    const struct tcb *self = tcb_running;
    uint64_t base = DOMAIN_BASE((uint64_t)self->process->domain);
    bool own = address >= base + DOMAIN_RAM && address < base + DOMAIN_DEVICE;
    bool program = address >= PROGRAM_BASE && address < PROGRAM_BASE + PROGRAM_BYTES_MAX;

    return own || program ? memory_find(self->table, address, access) : NULL;
}

static int64_t map(struct micro_space *s, uint64_t address, char *frame, uint32_t access)
{
    uint64_t before = alloc_free_pages();
    int64_t pages;
    int error;

    if (!process_charge(s->process, LEVELS_PAGES))
        return -ENOMEM;
    error = paging_table_map(s->table, address, frame, access);
    pages = (int64_t)(before - alloc_free_pages());
    s->pages += pages;
    process_charge(s->process, pages - LEVELS_PAGES);
    return error;
}

/* Pages that a process can have mapped to it are the program's, and their addresses whole pages. */
static struct micro_space *space_checked(uint64_t space, uint64_t address, int64_t *error)
{
    struct micro_space *s = handle_object(space, OBJECT_SPACE);

    *error = !s ? -EBADF : address % PAGE_BYTES || address < USER_START || address >= APP_END ? -EINVAL : 0;
    return *error ? NULL : s;
}

int64_t memory_call_map(uint64_t space, uint64_t address, uint64_t own, uint64_t access)
{
    int64_t error;
    struct micro_space *s = space_checked(space, address, &error);
    char *frame;

    if (!s)
        return error;
    if (own % PAGE_BYTES || access & ~(uint64_t)ACCESS_ALL)
        return -EINVAL;
    frame = own_frame(own, (uint32_t)access);
    return frame ? map(s, address, frame, (uint32_t)access) : -EPERM;
}

/* Makes small pages of the large one at address, if it is one, in a process's first space. */
static bool page_split(struct process *p, uint64_t address)
{
    struct table *table = p->first->table;
    uint64_t *entry = directory_entry(table, address), *small, large = *entry;

    if (!(large & ENTRY_LARGE))
        return true;
    if (!process_charge(p, 1))
        return false;
    small = paging_table_page(table);
    if (!small) {
        process_charge(p, -1);
        return false;
    }
    p->first->pages++;
    for (unsigned i = 0; i < LARGE_BYTES / PAGE_BYTES; i++)
        small[i] = (large & ~ENTRY_LARGE) + (uint64_t)i * PAGE_BYTES;
    *entry = paging_physical(small) | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER;
    tlb_forget(table, address);
    return true;
}

/* The tables of a process's own memory are its first space's. */
int64_t memory_call_grant(uint64_t space, uint64_t address, uint64_t own, uint64_t access)
{
    struct process *p = tcb_running->process;
    uint64_t base = DOMAIN_BASE((uint64_t)p->domain);
    int64_t error;

    if (own < base + DOMAIN_RAM || own >= base + DOMAIN_WINDOW)
        return -EPERM;
    if (!memory_find(p->first->table, own, PAGER_READ))
        return -EPERM;
    if (!page_split(p, own))
        return -ENOMEM;
    error = memory_call_map(space, address, own, access);
    if (!error)
        paging_table_unmap(p->first->table, own, NULL);
    return error;
}

/* What is told of a page that was there. */
static int64_t page_was(bool dirty)
{
    return dirty ? 3 : 1;
}

int64_t memory_call_unmap(uint64_t space, uint64_t address)
{
    int64_t error;
    struct micro_space *s = space_checked(space, address, &error);
    bool dirty;

    if (!s)
        return error;
    return paging_table_unmap(s->table, address, &dirty) ? page_was(dirty) : 0;
}

/* Only takes access away: what is given has to be the giver's (map). */
int64_t memory_call_protect(uint64_t space, uint64_t address, uint64_t access)
{
    int64_t error;
    struct micro_space *s = space_checked(space, address, &error);
    uint32_t had;

    if (!s)
        return error;
    if (access & ~(uint64_t)ACCESS_ALL)
        return -EINVAL;
    if (!paging_table_find(s->table, address, &had))
        return 0;
    if (access & PAGER_WRITE && !(had & PAGER_WRITE))
        return -EPERM;
    paging_table_protect(s->table, address, (uint32_t)access);
    return had & PAGER_DIRTY ? 3 : 1;
}

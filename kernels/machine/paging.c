/* SPDX-License-Identifier: MIT */
/*
 * paging.c: page tables.  Tables of the lower half belong to one application and are made and freed with it; the
 * upper half's top-level entries are fixed at boot and shared by all.
 */
#include "machine/paging.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "base/string.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/cpu.h"
#include "machine/layout.h"
#include "machine/paging_level.h"
#include "machine/tlb.h"
#include "machine/x86.h"

#define GIB (1ull << 30)

extern uint64_t boot_pml4[512], boot_pdpt_direct[512], boot_pdpt_image[512];
struct table paging_boot_table;
static uint64_t *second_upper;    /* paging_split: the upper half of second tables */
static uint64_t user_bit, nx_bit; /* of entries, where this system and this processor have them */

void *paging_direct(uint64_t physical)
{
    return (void *)(DIRECT_BASE + physical);
}

uint64_t paging_physical(const void *p)
{
    uint64_t address = (uint64_t)p;
    return address - (address >= IMAGE_BASE ? IMAGE_BASE : DIRECT_BASE);
}

static uint64_t *entry_find(uint64_t *table, uint64_t address)
{
    for (unsigned level = 3; level > 0; level--) {
        uint64_t entry = table[level_index(address, level)];
        if (!(entry & PTE_P))
            return NULL;
        table = entry_table(entry);
    }
    return &table[level_index(address, 0)];
}

/* Notes that page belongs to owner. */
static bool page_note(struct table *owner, void *page)
{
    struct table_pages *list = owner->pages;

    if (!list || list->count == sizeof list->page / sizeof *list->page) {
        list = alloc_get(sizeof *list);
        if (!list)
            return false;
        list->next = owner->pages;
        owner->pages = list;
    }
    list->page[list->count++] = page;
    return true;
}

static void *level_make(struct table *owner)
{
    void *page = alloc_page_zeroed();

    if (page && owner && !page_note(owner, page)) {
        alloc_page_free(page);
        return NULL;
    }
    return page;
}

static void level_unmake(struct table *owner, void *page)
{
    if (owner)
        owner->pages->count--;
    alloc_page_free(page);
}

/* The same with the levels on the way made, as owner's if there is one; NULL without memory. */
static uint64_t *entry_make(uint64_t *table, uint64_t address, uint64_t flags, struct table *owner)
{
    for (unsigned level = 3; level > 0; level--) {
        uint64_t *entry = &table[level_index(address, level)];
        if (!(*entry & PTE_P)) {
            void *page = level_make(owner);
            if (!page)
                return NULL;
            if (*entry & PTE_P) /* a fault of this very code's stack came first (paging_table_map_spare) */
                level_unmake(owner, page);
            else
                *entry = paging_physical(page) | flags;
            if (level == 3 && owner && owner->second)
                owner->second[level_index(address, 3)] = *entry;
        }
        table = entry_table(*entry);
    }
    return &table[level_index(address, 0)];
}

static void kernel_map(uint64_t *pml4, uint64_t address, uint64_t physical, uint64_t flags)
{
    uint64_t *entry = entry_make(pml4, address, PTE_P | PTE_W, NULL);
    if (!entry)
        panic("no memory for the kernel's own page tables");
    *entry = physical | flags | PTE_P | PTE_G;
}

/* A page directory of its own for the image, in 4 KiB pages, instead of the one that boot.S shares: built aside,
   for this code runs from there. */
static void image_map(void)
{
    uint64_t *aside = alloc_page_zeroed(), *pdpt;

    for (char *p = image_start; p < image_end; p += PAGE_BYTES) {
        uint64_t flags = p < image_text_end ? 0 : p < image_rodata_end ? nx_bit : nx_bit | PTE_W;
        kernel_map(aside, (uint64_t)p, paging_physical(p), flags);
    }
    pdpt = entry_table(aside[511]);
    boot_pdpt_image[510] = pdpt[510];
    alloc_page_free(pdpt);
    alloc_page_free(aside);
}

static void direct_map(void)
{
    uint64_t *first = entry_table(boot_pdpt_direct[0]);

    for (unsigned i = 0; i < 512; i++)
        first[i] |= nx_bit | PTE_G;
    for (uint64_t gib = GIB; gib < boot.memory_end; gib += GIB) {
        uint64_t *directory = alloc_page();
        if (!directory)
            panic("no memory for the kernel's own page tables");
        for (unsigned i = 0; i < 512; i++)
            directory[i] = (gib + i * MIB2) | PTE_P | PTE_W | PTE_PS | PTE_G | nx_bit;
        boot_pdpt_direct[gib / GIB] = paging_physical(directory) | PTE_P | PTE_W;
    }
}

void paging_init(bool user)
{
    user_bit = user ? PTE_U : 0;
    nx_bit = cpu.nx ? PTE_NX : 0;
    image_map();
    direct_map();
    boot_pml4[level_index(DEVICE_BASE, 3)] = paging_physical(alloc_page_zeroed()) | PTE_P | PTE_W;
    boot_pml4[0] = 0;
    paging_boot_table.pml4 = paging_direct(paging_physical(boot_pml4));
    paging_boot_table.cr3 = paging_physical(boot_pml4);
    paging_load(&paging_boot_table);
    x86_cr4_set(x86_cr4() | CR4_PGE);
    tlb_init(user && !bus_command_line("nopcid", 0));
}

volatile void *bus_map(uint64_t physical, uint64_t bytes)
{
    uint64_t first = physical & ~(uint64_t)(PAGE_BYTES - 1);

    for (uint64_t p = first; p < physical + bytes; p += PAGE_BYTES) {
        kernel_map(boot_pml4, DEVICE_BASE + p, p, PTE_W | PTE_PCD | nx_bit);
        x86_invlpg(DEVICE_BASE + p);
    }
    return (volatile void *)(DEVICE_BASE + physical);
}

int paging_table_create(struct table **out)
{
    struct table *table = alloc_get(sizeof *table);

    if (!table)
        return -ENOMEM;
    table->pml4 = second_upper ? alloc_pages(1) : alloc_page();
    if (!table->pml4) {
        alloc_put(table);
        return -ENOMEM;
    }
    memset(table->pml4, 0, PAGE_BYTES / 2);
    memcpy(table->pml4 + 256, boot_pml4 + 256, PAGE_BYTES / 2);
    if (second_upper) {
        table->second = table->pml4 + 512;
        memset(table->second, 0, PAGE_BYTES / 2);
        memcpy(table->second + 256, second_upper + 256, PAGE_BYTES / 2);
    }
    table->cr3 = paging_physical(table->pml4);
    tlb_table_begin(table);
    *out = table;
    return 0;
}

/* What the table maps is given back already. */
void paging_table_destroy(struct table *table)
{
    struct table_pages *next;

    for (struct table_pages *list = table->pages; list; list = next) {
        next = list->next;
        while (list->count)
            alloc_page_free(list->page[--list->count]);
        alloc_put(list);
    }
    tlb_table_end(table);
    if (table->second)
        alloc_pages_free(table->pml4, 1);
    else
        alloc_page_free(table->pml4);
    alloc_put(table);
}

static uint64_t access_bits(uint32_t access)
{
    uint64_t bits = access & PAGER_EXEC ? 0 : nx_bit;
    if (access & PAGER_WRITE)
        bits |= PTE_W;
    if (access & (PAGER_READ | PAGER_WRITE | PAGER_EXEC))
        bits |= PTE_P;
    return bits | user_bit;
}

int paging_table_map(struct table *table, uint64_t address, void *frame, uint32_t access)
{
    uint64_t *entry = entry_make(table->pml4, address, PTE_P | PTE_W | user_bit, table);
    uint64_t old;

    if (!entry)
        return -ENOMEM;
    old = *entry;
    *entry = paging_physical(frame) | access_bits(access);
    if (old & PTE_P)
        tlb_forget(table, address);
    return 0;
}

/* A page with no access keeps its frame in an entry that is not present. */
void *paging_table_unmap(struct table *table, uint64_t address, bool *dirty)
{
    uint64_t *entry = entry_find(table->pml4, address);
    uint64_t old = entry ? *entry : 0;

    if (!(old & PTE_ADDRESS))
        return NULL;
    *entry = 0;
    if (old & PTE_P)
        tlb_forget(table, address);
    if (dirty)
        *dirty = old & PTE_D;
    return entry_table(old);
}

void paging_table_protect(struct table *table, uint64_t address, uint32_t access)
{
    uint64_t *entry = entry_find(table->pml4, address);

    if (entry && (*entry & PTE_ADDRESS)) {
        *entry = (*entry & PTE_ADDRESS) | access_bits(access);
        tlb_forget(table, address);
    }
}

void *paging_table_find(struct table *table, uint64_t address, uint32_t *access)
{
    uint64_t *entry = entry_find(table->pml4, address);

    if (!entry || !(*entry & PTE_ADDRESS))
        return NULL;
    if (access) {
        *access = *entry & PTE_P ? PAGER_READ : 0;
        *access |= *entry & PTE_W ? PAGER_WRITE : 0;
        *access |= *entry & PTE_D ? PAGER_DIRTY : 0;
        *access |= *entry & PTE_P && !(*entry & PTE_NX) ? PAGER_EXEC : 0;
    }
    return entry_table(*entry);
}

void paging_table_map_spare(struct table *table, uint64_t address, void *(*spare)(void))
{
    uint64_t *entries = table->pml4;

    for (unsigned level = 3; level > 0; level--) {
        uint64_t *entry = &entries[level_index(address, level)];
        if (!(*entry & PTE_P))
            *entry = paging_physical(spare()) | PTE_P | PTE_W | user_bit;
        entries = entry_table(*entry);
    }
    entries[level_index(address, 0)] = paging_physical(spare()) | access_bits(PAGER_READ | PAGER_WRITE);
}

/* The lowest level's table for address, or NULL; *span: how much of the address space the level that ended the walk
   maps with one entry. */
static uint64_t *leaf_find(uint64_t *table, uint64_t address, uint64_t *span)
{
    for (unsigned level = 3; level > 0; level--) {
        uint64_t entry = table[level_index(address, level)];
        *span = (uint64_t)PAGE_BYTES << (9 * level);
        if (!(entry & PTE_P))
            return NULL;
        table = entry_table(entry);
    }
    return table;
}

uint64_t paging_table_next(struct table *table, uint64_t address, uint64_t end)
{
    while (address < end) {
        uint64_t span, *leaf = leaf_find(table->pml4, address, &span);
        uint64_t stop = (address | (span - 1)) + 1;
        if (stop > end)
            stop = end;
        for (; leaf && address < stop; address += PAGE_BYTES)
            if (leaf[level_index(address, 0)] & PTE_ADDRESS)
                return address;
        address = stop;
    }
    return end;
}

/* Pages that are global would stay in the TLB when a second table is loaded. */
void paging_split(void)
{
    second_upper = alloc_page_zeroed();
    if (!second_upper)
        panic("no memory for the kernel's own page tables");
    x86_cr4_set(x86_cr4() & ~(uint64_t)CR4_PGE);
    tlb_pair();
}

void paging_split_show(const void *start, const void *end)
{
    for (uint64_t p = (uint64_t)start; p < (uint64_t)end; p += PAGE_BYTES) {
        uint64_t *to = entry_make(second_upper, p, PTE_P | PTE_W, NULL), *from = entry_find(boot_pml4, p);
        if (!to || !from)
            panic("no memory for the kernel's own page tables");
        *to = *from;
    }
}

int paging_table_exchange(struct table *table, uint64_t address, uint64_t physical, uint32_t access, uint64_t *old)
{
    uint64_t *entry = entry_make(table->pml4, address, PTE_P | PTE_W | user_bit, table);

    if (!entry)
        return -ENOMEM;
    *old = *entry;
    *entry = physical | access_bits(access);
    if (*old & PTE_P)
        tlb_forget(table, address);
    return 0;
}

void *paging_level_make(struct table *table)
{
    return level_make(table);
}

uint64_t *paging_entry_make(struct table *table, uint64_t address)
{
    return entry_make(table->pml4, address, PTE_P | PTE_W | user_bit, table);
}

uint64_t paging_access_bits(uint32_t access)
{
    return access_bits(access);
}

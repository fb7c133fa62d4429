/* SPDX-License-Identifier: MIT */
/*
 * hierarchy_code.c: what blocks fetch (see hierarchy.h).
 *
 * Most blocks find each of their lines the one that its set used last, and their page likewise.  Under LRU such a fetch
 * changes nothing.  hierarchy_order counts the changes; a block that runs while it stands where the block left it need
 * not look at all.
 */
#include "hierarchy_inner.h"

#include <stdlib.h>

#define PAGES 1024

uint64_t hierarchy_order;

static struct hierarchy_page *pages[PAGES]; /* those asked for last; blocks share them, for good */

void hierarchy_fetch_run(struct hierarchy_fetch *fetch)
{
    uint64_t before = hierarchy_order;

    for (const struct hierarchy_run *run = &fetch->run; run; run = run->next) {
        if (!tlb_is_first(run->page->set, &run->page->page)) {
            hierarchy_translate(TLB_CODE, &run->page->page, run->misses);
            hierarchy_order = before + 1;
        }
        for (uint32_t line = run->line; line != run->line + run->count; line++)
            if (!cache_is_first(cache_set(CACHE_L1I, line), line)) {
                hierarchy_touch(CACHE_L1I, line, run->misses);
                hierarchy_order = before + 1;
            }
    }
    if (fetch->run.settles)
        fetch->order = hierarchy_order;
}

void hierarchy_code_forget(void)
{
    hierarchy_order++;
}

static const struct hierarchy_page *find_page(uint64_t address, uint64_t physical)
{
    struct tlb_page page = hierarchy_page_of(address, physical);
    struct hierarchy_page **slot = &pages[(address >> PAGE_SHIFT) % PAGES];

    if (*slot && (*slot)->page.number == page.number && (*slot)->page.frame == page.frame)
        return *slot;
    *slot = malloc(sizeof(**slot));
    if (!*slot)
        abort();
    **slot = (struct hierarchy_page){page, tlb_set(TLB_CODE, &page)};
    return *slot;
}

/* The last run of a block's; a new one if it is not the first. */
static struct hierarchy_run *add_run(struct hierarchy_run *last)
{
    if (!last->count)
        return last;
    last->next = calloc(1, sizeof(*last));
    if (!last->next)
        abort();
    return last->next;
}

/* Adds the line of a virtual address, unless the block has it. */
static void add_line(struct hierarchy_fetch *fetch, uint64_t address, uint64_t physical, uint64_t *misses)
{
    const struct hierarchy_page *page = find_page(address, physical);
    uint32_t line = (uint32_t)(physical >> CACHE_LINE_SHIFT);
    struct hierarchy_run *run = &fetch->run;

    while (run->next)
        run = run->next;
    if (run->count && run->page == page && line == run->line + run->count - 1)
        return;
    if (run->count && run->page == page && run->misses == misses && line == run->line + run->count) {
        run->count++;
    } else {
        run = add_run(run);
        *run = (struct hierarchy_run){page, cache_set(CACHE_L1I, line), misses, NULL, line, 1, false};
    }
    fetch->run.settles = fetch->run.page == page && line - fetch->run.line < caches[CACHE_L1I].sets;
}

/* Of an instruction over the end of a page only the first page is known; what follows there fetches the other. */
void hierarchy_fetch_add(struct hierarchy_fetch *fetch, const struct qemu_plugin_insn *insn, uint64_t *misses)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn), last = address + qemu_plugin_insn_size(insn) - 1, physical;
    uintptr_t host = (uintptr_t)qemu_plugin_insn_haddr(insn);

    hierarchy_find_memory(address, host);
    if (!hierarchy_memory || !host)
        return;
    physical = (uint64_t)host - hierarchy_memory;
    if (last > (address | (PAGE_BYTES - 1)))
        last = address | (PAGE_BYTES - 1);
    add_line(fetch, address, physical, misses);
    if (last >> CACHE_LINE_SHIFT != address >> CACHE_LINE_SHIFT)
        add_line(fetch, last, physical + (last - address), misses);
}

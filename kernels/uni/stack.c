/* SPDX-License-Identifier: MIT */
/*
 * stack.c: parts run on the application's stack, whose pages come when they are first touched.  A part may be the
 * first, at any instruction: also in the middle of the allocator or of a change to a list.  Such a fault must use
 * nothing that parts keep.  So the page, and page tables for it, come from spare frames that are laid by while no part
 * is at work, and the region is looked up by reading only.
 */
#include "uni/stack.h"
#include "alloc.h"
#include "base/panic.h"
#include "machine/paging.h"

#define SPARES 12              /* deepest use of the stack by a call, in pages, and three levels of tables */
#define STACK_STEP_BYTES 32768 /* a touch further from the stack pointer is no use of the stack */

static void *spares[SPARES];
static unsigned spare_count;

void stack_spares_fill(void)
{
    void *page;

    while (spare_count < SPARES && (page = alloc_page_zeroed()))
        spares[spare_count++] = page;
}

static void *spare_take(void)
{
    if (!spare_count)
        panic("no spare frame is left for a stack");
    return spares[--spare_count];
}

bool stack_page_add(const struct trap *trap, struct space *space, uint64_t address)
{
    if (address - (trap->rsp - STACK_STEP_BYTES) >= 2 * STACK_STEP_BYTES || !pager_is_plain(space, address))
        return false;
    paging_table_map_spare(space->table, address & ~((uint64_t)PAGE_BYTES - 1), spare_take);
    space->pages++;
    return true;
}

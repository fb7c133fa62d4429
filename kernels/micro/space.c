/* SPDX-License-Identifier: MIT */
/* space.c: making, loading and giving back address spaces. */
#include "micro/space.h"
#include "base/errno.h"
#include "machine/domain.h"
#include "machine/home.h"
#include "machine/paging.h"
#include "micro/handle.h"
#include "micro/process.h"
#include "micro/tcb.h"

#define SPACE_PAGES 2 /* top level, and small objects */

struct table *space_loaded;

void space_load(struct table *table)
{
    if (table == space_loaded)
        return;
    space_loaded = table;
    BOOK_ADD(books[WIRE_AS_SWITCH], 1);
    paging_load(table);
}

struct micro_space *space_make(struct process *p, uint64_t label)
{
    struct table *table;
    struct micro_space *s;

    if (!process_charge(p, SPACE_PAGES))
        return NULL;
    if (paging_table_create(&table) < 0)
        goto no_table;
    s = object_make(OBJECT_SPACE, sizeof *s, p);
    if (!s)
        goto no_space;
    if (p->first)
        paging_table_share(table, p->first->table, DOMAIN_SLOT_BASE);
    s->process = p;
    s->table = table;
    s->label = label;
    s->pages = SPACE_PAGES;
    return s;

no_space:
    paging_table_destroy(table);
no_table:
    process_charge(p, -SPACE_PAGES);
    return NULL;
}

void space_release(struct micro_space *s)
{
    if (space_loaded == s->table)
        space_load(&paging_boot_table);
    process_charge(s->process, -s->pages);
    paging_table_destroy(s->table);
}

int64_t space_call_make(uint64_t process, uint64_t label)
{
    const struct handle *h = handle_find(process, OBJECT_PROCESS);
    struct micro_space *s;

    if (!h)
        return -EBADF;
    if (!(h->rights & HANDLE_SPACES))
        return -EPERM;
    s = space_make(h->object, label);
    return s ? handle_add(tcb_running->process, OBJECT_SPACE, 0, s, 0) : -ENOMEM;
}

int64_t space_call_enter(uint64_t space)
{
    struct micro_space *s = handle_object(space, OBJECT_SPACE);

    if (!s)
        return -EBADF;
    if (s->process != tcb_running->process)
        return -EPERM;
    object_get(&s->object);
    tcb_space_set(tcb_running, s);
    return 0;
}

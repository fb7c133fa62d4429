/* SPDX-License-Identifier: MIT */
/*
 * pager.c: pager.h as messages to the server mem, which keeps the regions and page tables.  A struct space here stands
 * for one there: its bounds, its break, its references.
 */
#include "pager.h"
#include "alloc.h"
#include "base/errno.h"
#include "micro/client/client.h"
#include "micro/library/library.h"
#include "sched.h"

struct proxy {
    struct space space;
    struct table table;
};

static int64_t call(uint64_t op, const struct space *space, uint64_t b, uint64_t c, uint64_t d)
{
    struct message m = {.tag = op, .word = {space->table->space, b, c, d}};
    int64_t error = message_call(HANDLE_MEM, &m);

    return error ? error : (int64_t)m.word[0];
}

int pager_space_create(struct space **out)
{
    struct message m = {.tag = ASK_MEM_CREATE};
    struct proxy *p = alloc_get(sizeof *p);
    int64_t error = p ? message_call(HANDLE_MEM, &m) : -ENOMEM;

    if (!error)
        error = (int64_t)m.word[0];
    if (error) {
        alloc_put(p);
        return (int)error;
    }
    p->table = (struct table){.space = (uint32_t)m.word[1], .handle = (uint32_t)m.word[2]};
    p->space = (struct space){.table = &p->table, .low = MESSAGE_MORE[0], .high = MESSAGE_MORE[1], .refs = 1};
    *out = &p->space;
    return 0;
}

void pager_space_get(struct space *space)
{
    space->refs++;
}

void pager_space_put(struct space *space)
{
    if (--space->refs)
        return;
    library_space_leave(space->table);
    user_call(MICRO_HANDLE_CLOSE, space->table->handle, 0, 0, 0, 0, 0);
    call(ASK_MEM_FREE, space, 0, 0, 0);
    alloc_put(LIST_ENTRY(space, struct proxy, space));
}

int pager_map(struct space *space, uint64_t *address, uint64_t bytes, uint32_t flags, bool fixed,
              const struct pager_source *source)
{
    struct message m = {.tag = MICRO_TAG(ASK_MEM_MAP, MEM_MAP_MORE),
                        .word = {space->table->space, *address, bytes, flags}};
    const uint64_t more[MEM_MAP_MORE] = {fixed,          source->kind, (uint64_t)source->node, (uint64_t)source->image,
                                         source->offset, source->bytes};
    int64_t error;

    for (unsigned i = 0; i < MEM_MAP_MORE; i++)
        MESSAGE_MORE[i] = more[i];
    error = message_call(HANDLE_MEM, &m);
    if (!error)
        error = (int64_t)m.word[0];
    if (!error)
        *address = m.word[1];
    return (int)error;
}

int pager_unmap(struct space *space, uint64_t address, uint64_t bytes)
{
    return (int)call(ASK_MEM_UNMAP, space, address, bytes, 0);
}

int pager_unmap_files(struct space *space)
{
    return (int)call(ASK_MEM_UNMAP_FILES, space, 0, 0, 0);
}

int pager_protect(struct space *space, uint64_t address, uint64_t bytes, uint32_t flags)
{
    return (int)call(ASK_MEM_PROTECT, space, address, bytes, flags);
}

int pager_sync(struct space *space, uint64_t address, uint64_t bytes)
{
    return (int)call(ASK_MEM_SYNC, space, address, bytes, 0);
}

int pager_advise_free(struct space *space, uint64_t address, uint64_t bytes)
{
    return (int)call(ASK_MEM_ADVISE_FREE, space, address, bytes, 0);
}

uint64_t library_pager_frames(void)
{
    const struct space *space = sched_current()->space;
    int64_t frames = space ? call(ASK_MEM_USED, space, 0, 0, 0) : 0;

    return frames > 0 ? (uint64_t)frames : 0;
}

/* The break is also set where a program is loaded, so the server is told it every time. */
uint64_t pager_brk(struct space *space, uint64_t brk)
{
    int64_t now = call(ASK_MEM_BRK, space, space->brk_start, space->brk, brk);

    if (now > 0)
        space->brk = (uint64_t)now;
    return space->brk;
}

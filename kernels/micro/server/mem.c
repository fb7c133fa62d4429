/* SPDX-License-Identifier: MIT */
/*
 * mem.c: the memory server: part pager behind messages, and the pager of the application's threads: their page faults
 * are messages of the kernel.  Frames are this domain's memory, which is most of the machine's.  It reads and writes
 * files as a client of the file server.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "fs.h"
#include "micro/client/client.h"
#include "micro/server/server.h"
#include "micro/server/table.h"
#include "pager.h"
#include "sched.h"

#define SPACES_MAX 128
#define FAULT_MENDED 0
#define FAULT_REFUSED 1

/* Spaces by number, which is also their label. */
static struct {
    struct space *space;
    uint64_t client;
} spaces[SPACES_MAX];
static struct space *served; /* whose memory "the caller's" is */

static struct space *space_of(const struct message *m)
{
    uint64_t number = m->word[0];

    served = number < SPACES_MAX && spaces[number].client == m->from ? spaces[number].space : NULL;
    return served;
}

static int64_t create(struct message *m)
{
    unsigned number = 0;
    int64_t error;

    while (number < SPACES_MAX && spaces[number].space)
        number++;
    if (number == SPACES_MAX)
        return -ENOMEM;
    table_next(HANDLE_APP, number);
    error = pager_space_create(&spaces[number].space);
    if (error)
        return error;
    error = user_call(MICRO_HANDLE_GIVE, HANDLE_APP, spaces[number].space->table->space, 0, 0, 0, 0);
    if (error < 0) {
        pager_space_put(spaces[number].space);
        spaces[number].space = NULL;
        return error;
    }
    spaces[number].client = m->from;
    m->word[1] = number;
    m->word[2] = (uint64_t)error;
    m->tag = MICRO_TAG(0, 2);
    MESSAGE_MORE[0] = spaces[number].space->low;
    MESSAGE_MORE[1] = spaces[number].space->high;
    return 0;
}

static int64_t space_free(const struct message *m)
{
    pager_space_put(served);
    spaces[m->word[0]].space = NULL;
    served = NULL;
    return 0;
}

/* The source of a mapping as this domain names it: the program is mapped here too. */
static int source_get(uint64_t client, struct pager_source *out)
{
    const uint64_t *more = MESSAGE_MORE;

    *out = (struct pager_source){.node = (int)more[2], .offset = more[4], .bytes = more[5]};
    switch (more[1]) {
    case PAGER_ZERO:
        out->kind = PAGER_ZERO;
        return 0;
    case PAGER_FILE:
        out->kind = PAGER_FILE;
        return fs_adopt(out->node, client);
    case PAGER_IMAGE:
        out->kind = PAGER_IMAGE;
        out->image = (const void *)PROGRAM_BASE;
        return more[3] == PROGRAM_BASE && out->offset % PAGE_BYTES == 0 && out->offset <= user_info.program_bytes &&
                       out->bytes <= user_info.program_bytes - out->offset
                   ? 0
                   : -EINVAL;
    }
    return -EINVAL;
}

static int64_t map(struct message *m)
{
    struct pager_source source;
    bool fixed = MESSAGE_MORE[0] != 0;
    int64_t error = MICRO_TAG_WORDS(m->tag) == MEM_MAP_MORE ? source_get(m->from, &source) : -EINVAL;

    if (error)
        return error;
    error = pager_map(served, &m->word[1], m->word[2], (uint32_t)m->word[3], fixed, &source);
    if (source.kind == PAGER_FILE)
        fs_close(source.node);
    return error;
}

static int64_t brk(const struct message *m)
{
    uint64_t start = m->word[1], now = m->word[2];

    if (start < served->low || now < start || now > served->high)
        return -EINVAL;
    served->brk_start = start;
    served->brk = now;
    return (int64_t)pager_brk(served, m->word[3]);
}

static int64_t serve_space(uint64_t op, struct message *m)
{
    uint64_t address = m->word[1], bytes = m->word[2];

    switch (op) {
    case ASK_MEM_FREE:
        return space_free(m);
    case ASK_MEM_MAP:
        return map(m);
    case ASK_MEM_UNMAP:
        return pager_unmap(served, address, bytes);
    case ASK_MEM_UNMAP_FILES:
        return pager_unmap_files(served);
    case ASK_MEM_PROTECT:
        return pager_protect(served, address, bytes, (uint32_t)m->word[3]);
    case ASK_MEM_SYNC:
        return pager_sync(served, address, bytes);
    case ASK_MEM_ADVISE_FREE:
        return pager_advise_free(served, address, bytes);
    case ASK_MEM_BRK:
        return brk(m);
    case ASK_MEM_USED:
        return (int64_t)(alloc_total_pages() - alloc_free_pages());
    }
    return -ENOSYS;
}

/* A page fault of a thread: words are address, access, rip and the label of its space. */
static void fault(struct message *m)
{
    uint64_t number = m->word[3];

    served = number < SPACES_MAX && spaces[number].client == m->from ? spaces[number].space : NULL;
    m->tag = served && m->word[0] < served->high && pager_fault(served, m->word[0], (uint32_t)m->word[1]) == 0
                 ? FAULT_MENDED
                 : FAULT_REFUSED;
}

static bool serve(struct message *m)
{
    uint64_t op = MICRO_TAG_OP(m->tag);
    int64_t result;

    if (m->tag & MICRO_TAG_FAULT) {
        fault(m);
        return true;
    }
    if (op == ASK_MEM_CREATE) {
        m->tag = 0;
        result = create(m);
    } else {
        result = space_of(m) ? serve_space(op, m) : -EINVAL;
        m->tag = 0;
    }
    m->word[0] = (uint64_t)result;
    return true;
}

/* The caller's memory is what the mirror of its page table says. */
static char *reach(uaddr_t address, uint64_t *bytes)
{
    char *page = served ? table_reach(served->table, address, PAGER_READ) : NULL;
    uint64_t in = address % PAGE_BYTES;

    if (*bytes > PAGE_BYTES - in)
        *bytes = PAGE_BYTES - in;
    return page ? page + in : NULL;
}

const void *client_reach(uaddr_t address, uint64_t *bytes)
{
    return reach(address, bytes);
}

int client_touch(uaddr_t address, uint64_t bytes, bool write)
{
    (void)address;
    (void)bytes;
    (void)write;
    return -EFAULT; /* frames are always there */
}

static int copy(void *here, uaddr_t there, size_t n, bool out)
{
    for (uint64_t bytes; n; n -= bytes) {
        char *at = reach(there, (bytes = n, &bytes));
        if (!at)
            return -EFAULT;
        memcpy(out ? at : here, out ? here : at, bytes);
        BOOK_ADD(user_books[WIRE_BYTES_COPIED], bytes);
        here = (char *)here + bytes;
        there += bytes;
    }
    return 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return copy(dst, src, n, false);
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return copy((void *)src, dst, n, true);
}

_Noreturn void home_entry(void)
{
    static struct thread thread;

    server_init();
    sched_init(&thread, NULL, NULL);
    server_run(serve);
}

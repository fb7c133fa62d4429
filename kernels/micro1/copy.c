/* SPDX-License-Identifier: MIT */
/*
 * copy.c: copies to and from the program that asks: page by page through the mirror of its page table, for its frames
 * are this domain's memory.  A page that is not there yet is brought in as by a fault.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "env.h"
#include "machine/layout.h"
#include "micro/server/table.h"
#include "posix.h"
#include "user/user.h"

bool env_check_range(uaddr_t address, uint64_t n)
{
    return n == 0 || (n <= APP_END && address <= APP_END - n);
}

/* Where the byte at address is, for that access; NULL: nowhere. */
static char *reach(uaddr_t address, uint32_t access)
{
    struct space *space = sched_current()->space;
    char *page = table_reach(space->table, address, access);

    if (!page && address < space->high && pager_fault(space, address, access) == 0)
        page = table_reach(space->table, address, access);
    return page ? page + address % PAGE_BYTES : NULL;
}

enum way { IN, OUT, CLEAR };

static int move(enum way way, void *here, uaddr_t there, size_t n)
{
    if (!env_check_range(there, n))
        return -EFAULT;
    for (uint64_t bytes; n; n -= bytes) {
        char *at = reach(there, way == IN ? PAGER_READ : PAGER_WRITE);
        bytes = PAGE_BYTES - there % PAGE_BYTES;
        if (bytes > n)
            bytes = n;
        if (!at)
            return -EFAULT;
        if (way == CLEAR)
            memset(at, 0, bytes);
        else
            memcpy(way == IN ? here : at, way == IN ? at : here, bytes);
        BOOK_ADD(user_books[WIRE_BYTES_COPIED], way == CLEAR ? 0 : bytes);
        here = (char *)here + bytes;
        there += bytes;
    }
    return 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return move(IN, dst, src, n);
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return move(OUT, (void *)src, dst, n);
}

int env_clear_out(uaddr_t dst, size_t n)
{
    char nothing;

    return move(CLEAR, &nothing, dst, n);
}

int64_t env_copy_in_string(char *dst, uaddr_t src, size_t size)
{
    uint64_t done = 0;

    while (done < size) {
        const char *at = env_check_range(src + done, 1) ? reach(src + done, PAGER_READ) : NULL;
        uint64_t bytes = PAGE_BYTES - (src + done) % PAGE_BYTES, length;
        if (!at)
            return -EFAULT;
        if (bytes > size - done)
            bytes = size - done;
        length = strnlen(at, bytes);
        memcpy(dst + done, at, length);
        BOOK_ADD(user_books[WIRE_BYTES_COPIED], length);
        done += length;
        if (length < bytes) {
            dst[done] = '\0';
            return (int64_t)done;
        }
    }
    return -ENAMETOOLONG;
}

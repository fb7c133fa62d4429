/* SPDX-License-Identifier: MIT */
/*
 * copy.c: copies between a library and the program that called it, which lies in the same address space below APP_END.
 * A pointer of the program's must be its own, as in any other home.
 */
#include "base/errno.h"
#include "env.h"
#include "machine/trap.h"
#include "user/user.h"

bool env_check_range(uaddr_t address, uint64_t n)
{
    return n == 0 || (n <= APP_END && address <= APP_END - n);
}

static int copy(void *dst, const void *src, size_t n)
{
    uint64_t left = trap_copy(dst, src, n);

    BOOK_ADD(user_books[WIRE_BYTES_COPIED], n - left);
    return left ? -EFAULT : 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return env_check_range(src, n) ? copy(dst, (const void *)src, n) : -EFAULT;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return env_check_range(dst, n) ? copy((void *)dst, src, n) : -EFAULT;
}

int env_clear_out(uaddr_t dst, size_t n)
{
    return env_check_range(dst, n) && trap_clear((void *)dst, n) == 0 ? 0 : -EFAULT;
}

int64_t env_copy_in_string(char *dst, uaddr_t src, size_t size)
{
    int64_t n;

    if (!env_check_range(src, 1))
        return -EFAULT;
    n = trap_copy_string(dst, (const char *)src, size > APP_END - src ? APP_END - src : size);
    if (n > 0)
        BOOK_ADD(user_books[WIRE_BYTES_COPIED], (uint64_t)n);
    return n;
}

/* SPDX-License-Identifier: MIT */
/*
 * copy.c: env_copy_* in a server: to and from the buffer of the client whose request is served, and nothing else of the
 * client's.  A client's window is memory that both have; its payload only the kernel can reach.
 */
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/client.h"
#include "micro/server/server.h"

static struct {
    uaddr_t start;
    uint64_t bytes;
    uint64_t reply;
} buffer;
bool server_fault_seen;

uaddr_t server_buffer(uint64_t client, uint64_t bytes)
{
    buffer.start = (uaddr_t)WINDOW_OF(client);
    buffer.bytes = bytes;
    buffer.reply = 0;
    server_fault_seen = false;
    return buffer.start;
}

void server_payload_of(uint64_t reply)
{
    buffer.reply = reply;
}

static inline bool range_is_good(uaddr_t address, uint64_t n)
{
    uint64_t offset = address - buffer.start;

    return offset <= buffer.bytes && n <= buffer.bytes - offset;
}

bool env_check_range(uaddr_t address, uint64_t n)
{
    return range_is_good(address, n);
}

/* What the kernel says of a copy of the payload. */
static int payload_result(int64_t error)
{
    if (error)
        server_fault_seen = true;
    return error ? -EFAULT : 0;
}

static __attribute__((noinline)) int payload_in(void *dst, uint64_t offset, size_t n)
{
    return payload_result(user_call(MICRO_PAYLOAD_READ, buffer.reply, (uint64_t)dst, offset, n, 0, 0));
}

static __attribute__((noinline)) int payload_out(uint64_t offset, const void *src, size_t n)
{
    return payload_result(user_call(MICRO_PAYLOAD_WRITE, buffer.reply, offset, (uint64_t)src, n, 0, 0));
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    if (__builtin_expect(!range_is_good(src, n), 0))
        return -EFAULT;
    if (client_copies)
        return payload_in(dst, src - buffer.start, n);
    memcpy(dst, (const void *)src, n);
    BOOK_ADD(user_books[WIRE_BYTES_COPIED], n);
    return 0;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    if (__builtin_expect(!range_is_good(dst, n), 0))
        return -EFAULT;
    if (client_copies)
        return payload_out(dst - buffer.start, src, n);
    memcpy((void *)dst, src, n);
    BOOK_ADD(user_books[WIRE_BYTES_COPIED], n);
    return 0;
}

int env_clear_out(uaddr_t dst, size_t n)
{
    static const char zeros[4096];

    if (!range_is_good(dst, n))
        return -EFAULT;
    if (!client_copies) {
        memset((void *)dst, 0, n);
        return 0;
    }
    for (size_t done = 0, bytes; done < n; done += bytes) {
        bytes = n - done < sizeof zeros ? n - done : sizeof zeros;
        if (payload_out(dst - buffer.start + done, zeros, bytes))
            return -EFAULT;
    }
    return 0;
}

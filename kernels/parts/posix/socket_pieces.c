/* SPDX-License-Identifier: MIT */
/*
 * socket_pieces.c: a datagram in pieces.  net moves it from and to one place of the caller's, so it is put together, or
 * taken apart, in memory of the caller's that is mapped for as long as that takes.  Programs seldom do this.
 */
#include "socket.h"

#define CHUNK 512u
#define WHOLE_MAX 65536u /* more than any datagram */

static int caller_copy(uaddr_t to, uaddr_t from, uint64_t n)
{
    char some[CHUNK];

    for (uint64_t done = 0; done < n; done += CHUNK) {
        uint64_t piece = n - done < CHUNK ? n - done : CHUNK;
        if (env_copy_in(some, from + done, piece) || env_copy_out(to + done, some, piece))
            return -EFAULT;
    }
    return 0;
}

/* Copies n bytes, or as many as fit, between the pieces and one place: 0 or -EFAULT. */
static int pieces_copy(uaddr_t iov, uint64_t count, uaddr_t whole, uint64_t n, bool gather)
{
    struct linux_iovec v;
    int error = 0;

    for (uint64_t i = 0; i < count && n && !error; i++) {
        error = env_copy_in(&v, iov + i * sizeof v, sizeof v);
        if (error)
            break;
        v.length = v.length < n ? v.length : n;
        error = gather ? caller_copy(whole, v.base, v.length) : caller_copy(v.base, whole, v.length);
        whole += v.length;
        n -= v.length;
    }
    return error;
}

/* How long they are together, WHOLE_MAX at most; -EFAULT. */
static int64_t pieces_bytes(uaddr_t iov, uint64_t count)
{
    struct linux_iovec v;
    uint64_t total = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (env_copy_in(&v, iov + i * sizeof v, sizeof v))
            return -EFAULT;
        total += v.length < WHOLE_MAX ? v.length : WHOLE_MAX;
        total = total < WHOLE_MAX ? total : WHOLE_MAX;
    }
    return (int64_t)total;
}

/* Memory for n bytes. */
static int whole_map(uint64_t n, uaddr_t *at)
{
    const struct pager_source zero = {.kind = PAGER_ZERO};

    *at = 0;
    return pager_map(process_current()->space, at, n ? n : 1, PAGER_READ | PAGER_WRITE, false, &zero);
}

int64_t datagram_send_pieces(struct socket *s, uaddr_t iov, uint64_t count, uint64_t flags,
                             const struct net_address *to)
{
    int64_t n = pieces_bytes(iov, count), put;
    uaddr_t at;

    if (n < 0)
        return n;
    put = whole_map((uint64_t)n, &at);
    if (put)
        return put;
    put = pieces_copy(iov, count, at, (uint64_t)n, true);
    if (!put)
        put = socket_send(s, at, (uint64_t)n, flags, to);
    pager_unmap(process_current()->space, at, n ? (uint64_t)n : 1);
    return put;
}

int64_t datagram_receive_pieces(struct socket *s, uaddr_t iov, uint64_t count, uint64_t flags, struct net_address *from)
{
    int64_t n = pieces_bytes(iov, count), got;
    uaddr_t at;

    if (n < 0)
        return n;
    got = whole_map((uint64_t)n, &at);
    if (got)
        return got;
    got = socket_receive(s, at, (uint64_t)n, flags, from);
    if (got > 0 && pieces_copy(iov, count, at, (uint64_t)got, false))
        got = -EFAULT;
    pager_unmap(process_current()->space, at, n ? (uint64_t)n : 1);
    return got;
}

/* SPDX-License-Identifier: MIT */
/*
 * socket_message.c: moving data through sockets.  net moves what it can at once, which is the common case and comes
 * first; waiting for the rest, and pieces, are apart.
 */
#include "socket.h"
#include "watch.h"

/* Until something came; or, with MSG_WAITALL, until all did.  got: of the first try. */
static __attribute__((noinline)) int64_t receive_more(struct socket *s, uaddr_t buffer, uint64_t n, uint64_t flags,
                                                      struct net_address *from, int64_t got)
{
    uint64_t deadline_ns = deadline_after(s->receive_ns), done = got > 0 ? (uint64_t)got : 0;
    bool worked = false, all = flags & MSG_WAITALL && !(flags & MSG_PEEK) && s->kind == NET_STREAM;
    int error;

    while (got == -EAGAIN || (all && got > 0 && done < n)) {
        error = got == -EAGAIN ? socket_wait(s, flags, deadline_ns, &worked) : 0;
        if (error)
            return done ? (int64_t)done : error;
        got = net_receive(s->number, buffer + done, n - done, flags & MSG_PEEK ? NET_PEEK : 0, from);
        done += got > 0 ? (uint64_t)got : 0;
    }
    return done ? (int64_t)done : got;
}

int64_t socket_receive(struct socket *s, uaddr_t buffer, uint64_t n, uint64_t flags, struct net_address *from)
{
    int64_t got = net_receive(s->number, buffer, n, flags & MSG_PEEK ? NET_PEEK : 0, from);

    if (got == -EAGAIN || (flags & MSG_WAITALL && got > 0))
        return receive_more(s, buffer, n, flags, from, got);
    return got;
}

static int64_t send_broken(struct socket *s, uint64_t flags)
{
    return flags & MSG_NOSIGNAL || s->kind != NET_STREAM ? -EPIPE : file_broken(&s->file);
}

/* Until everything is taken, or no more is without waiting.  put: of the first try. */
static __attribute__((noinline)) int64_t send_more(struct socket *s, uaddr_t buffer, uint64_t n, uint64_t flags,
                                                   const struct net_address *to, int64_t put)
{
    uint64_t deadline_ns = deadline_after(s->send_ns), done = put > 0 ? (uint64_t)put : 0;
    bool worked = false;
    int error;

    while (done < n && (put >= 0 || put == -EAGAIN)) {
        error = socket_wait(s, flags, deadline_ns, &worked);
        if (error)
            return done ? (int64_t)done : error;
        put = net_send(s->number, buffer + done, n - done, flags & MSG_MORE ? NET_MORE : 0, to);
        done += put > 0 ? (uint64_t)put : 0;
    }
    if (done || put >= 0)
        return (int64_t)done;
    if (put == -EPIPE || (put == -ENOTCONN && s->kind == NET_STREAM)) /* as in Linux */
        return send_broken(s, flags);
    return put;
}

int64_t socket_send(struct socket *s, uaddr_t buffer, uint64_t n, uint64_t flags, const struct net_address *to)
{
    int64_t put = net_send(s->number, buffer, n, flags & MSG_MORE ? NET_MORE : 0, to);

    return put == (int64_t)n ? put : send_more(s, buffer, n, flags, to, put);
}

int socket_received_from(struct socket *s, uaddr_t address, uaddr_t length, const struct net_address *from)
{
    const int nothing = 0; /* a stream's sender is known */

    if (s->kind == NET_DATAGRAM)
        return address_write(address, length, from);
    return env_copy_out(length, &nothing, sizeof nothing);
}

int64_t posix_recvfrom(OS_N, uint64_t fd, uint64_t buf, uint64_t n, uint64_t flags, uint64_t address, uint64_t length)
{
    struct socket *s = fd_socket(fd);
    struct net_address from;
    int64_t got;

    if (!s)
        return socket_missing(fd);
    if (flags & MSG_OOB)
        return -EINVAL;
    s->file.refs++;
    got = socket_receive(s, buf, n, flags, address ? &from : NULL);
    if (got >= 0 && address)
        got = socket_received_from(s, address, length, &from) ?: got;
    return file_put_after(&s->file, got);
}

int64_t posix_sendto(OS_N, uint64_t fd, uint64_t buf, uint64_t n, uint64_t flags, uint64_t address, uint64_t length)
{
    struct socket *s = fd_socket(fd);
    struct net_address to;
    int64_t put;

    if (!s)
        return socket_missing(fd);
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    s->file.refs++;
    put = address ? address_read(address, length, &to) : 0;
    if (!put)
        put = socket_send(s, buf, n, flags, address && s->kind == NET_DATAGRAM ? &to : NULL);
    return file_put_after(&s->file, put);
}

/* SPDX-License-Identifier: MIT */
/*
 * socket_vector.c: data in pieces: readv and writev on sockets, recvmsg and sendmsg.  Of control data there is none:
 * what is sent of it is ignored, and none is received.
 */
#include "socket.h"

/* Pieces of a stream one after the other until one is short; only the first is waited for. */
int64_t socket_receive_vector(struct socket *s, uaddr_t iov, uint64_t n, uint64_t flags, struct net_address *from)
{
    struct linux_iovec v;
    int64_t total = 0, one = 0;

    if (s->kind == NET_DATAGRAM && n > 1)
        return datagram_receive_pieces(s, iov, n, flags, from);
    for (uint64_t i = 0; i < n; i++) {
        if (env_copy_in(&v, iov + i * sizeof v, sizeof v))
            return total ? total : -EFAULT;
        if (!v.length)
            continue;
        one = socket_receive(s, v.base, v.length, flags, from);
        if (one > 0)
            total += one;
        if (one < 0 || (uint64_t)one < v.length || flags & MSG_PEEK)
            break;
        if (!(flags & MSG_WAITALL))
            flags |= MSG_DONTWAIT;
    }
    return total ? total : one;
}

/* All but the last piece that is not empty say that more will come, so that they need not become packets of their own.
 */
int64_t socket_send_vector(struct socket *s, uaddr_t iov, uint64_t n, uint64_t flags, const struct net_address *to)
{
    struct linux_iovec v, next = {0};
    int64_t total = 0, one = 0;

    if (s->kind == NET_DATAGRAM && n > 1)
        return datagram_send_pieces(s, iov, n, flags, to);
    for (uint64_t i = 0; i <= n; i++) {
        v = next;
        if (i < n && env_copy_in(&next, iov + i * sizeof next, sizeof next))
            return total ? total : -EFAULT;
        if (i < n && !next.length) {
            next = v;
            continue;
        }
        if (!v.length && !(i == n && s->kind == NET_DATAGRAM))
            continue;
        one = socket_send(s, v.base, v.length, i < n ? flags | MSG_MORE : flags, to);
        if (one > 0)
            total += one;
        if (one < 0 || (uint64_t)one < v.length)
            break;
    }
    return total ? total : one;
}

static int64_t message_read(uint64_t fd, uaddr_t at, struct linux_msghdr *message)
{
    if (!fd_socket(fd))
        return socket_missing(fd);
    if (env_copy_in(message, at, sizeof *message))
        return -EFAULT;
    return message->iov_count > IOV_MAX ? -EMSGSIZE : 0;
}

int64_t posix_sendmsg(OS_N, uint64_t fd, uint64_t message, uint64_t flags)
{
    struct linux_msghdr m;
    struct net_address to;
    int64_t put = message_read(fd, message, &m);
    struct socket *s = fd_socket(fd); /* reading may have slept */

    if (put || !s)
        return put ? put : -EBADF;
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    s->file.refs++;
    put = m.name ? address_read(m.name, m.name_bytes, &to) : 0;
    if (!put)
        put = socket_send_vector(s, m.iov, m.iov_count, flags, m.name && s->kind == NET_DATAGRAM ? &to : NULL);
    return file_put_after(&s->file, put);
}

static int64_t message_receive(struct socket *s, uaddr_t message, struct linux_msghdr *m, uint64_t flags)
{
    struct net_address from;
    int64_t got = socket_receive_vector(s, m->iov, m->iov_count, flags, m->name ? &from : NULL);
    int error = 0;

    if (got < 0)
        return got;
    if (m->name)
        error = socket_received_from(s, m->name, message + offsetof(struct linux_msghdr, name_bytes), &from);
    m->control_bytes = 0;
    m->flags = 0;
    if (!error)
        error = env_copy_out(message + offsetof(struct linux_msghdr, control_bytes), &m->control_bytes,
                             sizeof *m - offsetof(struct linux_msghdr, control_bytes));
    return error ? error : got;
}

int64_t posix_recvmsg(OS_N, uint64_t fd, uint64_t message, uint64_t flags)
{
    struct linux_msghdr m;
    int64_t got = message_read(fd, message, &m);
    struct socket *s = fd_socket(fd); /* reading may have slept */

    if (got || !s)
        return got ? got : -EBADF;
    if (flags & MSG_OOB)
        return -EINVAL;
    s->file.refs++;
    got = message_receive(s, message, &m, flags);
    return file_put_after(&s->file, got);
}

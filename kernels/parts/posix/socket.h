/* SPDX-License-Identifier: MIT */
/*
 * socket.h: sockets as open files over net.h.  Private to the part.
 *
 *   socket.c           the file, waiting for it, making connections
 *   socket_message.c   moving data by send and recv and their kind
 *   socket_vector.c    the same in pieces; socket_pieces.c: datagrams in pieces
 *   socket_name.c      addresses
 *   socket_option.c    options
 */
#ifndef TOLL_POSIX_SOCKET_H
#define TOLL_POSIX_SOCKET_H

#include "linux.h"
#include "net.h"
#include "process.h"

struct socket {
    struct file file;
    struct watch *watched;
    int number; /* of net.h */
    enum net_kind kind;
    bool connecting;              /* it began without waiting: the next connect is told when it succeeded */
    uint64_t receive_ns, send_ns; /* how long receiving and sending wait; 0: for ever */
};

extern const struct file_ops file_ops_socket;

/* The socket of a descriptor; NULL: the answer is socket_missing's. */
static inline struct socket *fd_socket(uint64_t fd)
{
    struct file *f = fd_file(fd);

    return f && f->ops == &file_ops_socket ? (struct socket *)f : NULL;
}
int socket_missing(uint64_t fd); /* -EBADF, -ENOTSOCK */

/* Bytes moved, or a negative errno; they wait as the file and MSG_* flags say.  to and from may be NULL.  A broken
   stream ends the process unless flags have MSG_NOSIGNAL.  The call holds the file. */
int64_t socket_receive(struct socket *s, uaddr_t buffer, uint64_t n, uint64_t flags, struct net_address *from);
int64_t socket_send(struct socket *s, uaddr_t buffer, uint64_t n, uint64_t flags, const struct net_address *to);
/* The same with n pieces, of IOV_MAX at most. */
int64_t socket_receive_vector(struct socket *s, uaddr_t iov, uint64_t n, uint64_t flags, struct net_address *from);
int64_t socket_send_vector(struct socket *s, uaddr_t iov, uint64_t n, uint64_t flags, const struct net_address *to);
/* Datagrams in more pieces than one (socket_pieces.c). */
int64_t datagram_receive_pieces(struct socket *s, uaddr_t iov, uint64_t n, uint64_t flags, struct net_address *from);
int64_t datagram_send_pieces(struct socket *s, uaddr_t iov, uint64_t n, uint64_t flags, const struct net_address *to);
/* Waits for a socket that answered -EAGAIN: 0: try again; -EAGAIN: no longer; -EINTR.  flags: MSG_DONTWAIT.  *worked,
   false before the first time: what the network has to do was done once without waiting. */
int socket_wait(struct socket *s, uint64_t flags, uint64_t deadline_ns, bool *worked);
static inline uint64_t deadline_after(uint64_t ns)
{
    return ns ? env_now_ns() + ns : SCHED_FOREVER;
}

/* An address of the caller.  0, -EINVAL, -EFAULT, -EAFNOSUPPORT.  The second: to where length says how much there
   is room for, and which then has the address's own length; at 0: nowhere. */
int address_read(uaddr_t at, uint64_t length, struct net_address *out);
int address_write(uaddr_t at, uaddr_t length, const struct net_address *address);
/* Where the caller of a receive wants to know the sender. */
int socket_received_from(struct socket *s, uaddr_t address, uaddr_t length, const struct net_address *from);

#endif

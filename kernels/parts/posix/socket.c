/* SPDX-License-Identifier: MIT */
/* socket.c: sockets as files, and how connections are made (socket.h). */
#include "socket.h"
#include "alloc.h"
#include "base/string.h"
#include "watch.h"

#define TABLE_ORDER 2
_Static_assert(NET_SOCKETS_MAX * sizeof(struct socket *) <= PAGE_BYTES << TABLE_ORDER, "the table does not fit");

static struct socket **sockets; /* by net's number; as long as there are any */
static unsigned socket_count;

/* Its users look for themselves what has changed. */
void net_event(int s)
{
    struct socket *socket = sockets && (unsigned)s < NET_SOCKETS_MAX ? sockets[s] : NULL;

    if (socket)
        watch_tell(&socket->watched);
}

static __attribute__((noinline)) bool table_make(void)
{
    sockets = alloc_pages(TABLE_ORDER);
    if (sockets)
        memset(sockets, 0, (uint64_t)PAGE_BYTES << TABLE_ORDER);
    return sockets != NULL;
}

/* There is one socket less. */
static void table_leave(void)
{
    if (--socket_count)
        return;
    alloc_pages_free(sockets, TABLE_ORDER);
    sockets = NULL;
}

int socket_missing(uint64_t fd)
{
    return fd_file(fd) ? -ENOTSOCK : -EBADF;
}

static struct socket *socket_make(enum net_kind kind, uint64_t flags)
{
    struct socket *s;

    if (!sockets && !table_make())
        return NULL;
    socket_count++;
    s = alloc_get(sizeof *s);
    if (!s) {
        table_leave();
        return NULL;
    }
    file_init(&s->file, &file_ops_socket, O_RDWR | (flags & O_NONBLOCK));
    s->file.watchers = &s->watched;
    s->kind = kind;
    return s;
}

/* One that was made and came to nothing. */
static void socket_unmake(struct socket *s)
{
    alloc_put(s);
    table_leave();
}

/* Makes it a descriptor, for which there is room (fd_reserve). */
static int socket_install(struct socket *s, int number, uint64_t flags)
{
    s->number = number;
    sockets[number] = s;
    return fd_install(&s->file, flags & O_CLOEXEC);
}

int socket_wait(struct socket *s, uint64_t flags, uint64_t deadline_ns, bool *worked)
{
    int error;

    if (!*worked && net_pending()) { /* perhaps that is all there is to wait for */
        *worked = true;
        watch_work();
        return 0;
    }
    if (s->file.flags & O_NONBLOCK || flags & MSG_DONTWAIT)
        return -EAGAIN;
    error = file_wait(&s->file, deadline_ns);
    return error == -ETIMEDOUT ? -EAGAIN : error;
}

static int64_t socket_read(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    (void)offset;
    if (!n)
        return 0;
    return socket_receive((struct socket *)f, buffer, n, 0, NULL);
}

static int64_t socket_write(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    (void)offset;
    return socket_send((struct socket *)f, buffer, n, 0, NULL);
}

static uint32_t socket_poll(struct file *f)
{
    return net_ready(((struct socket *)f)->number);
}

static int socket_stat(struct file *f, struct fs_stat *out)
{
    (void)f;
    *out = (struct fs_stat){.mode = S_IFSOCK | 0777, .links = 1, .block_bytes = PAGE_BYTES};
    return 0;
}

static void socket_close(struct file *f)
{
    int number = ((struct socket *)f)->number;

    sockets[number] = NULL;
    table_leave();
    net_close(number);
}

static uint64_t socket_unread(struct file *f)
{
    int64_t n = net_option_get(((struct socket *)f)->number, NET_OPTION_UNREAD);

    return n < 0 ? 0 : (uint64_t)n;
}

const struct file_ops file_ops_socket = {.read = socket_read,
                                         .write = socket_write,
                                         .poll = socket_poll,
                                         .stat = socket_stat,
                                         .close = socket_close,
                                         .unread = socket_unread};

/* Which kind of socket is asked for. */
static int kind_read(uint64_t family, uint64_t type, uint64_t protocol)
{
    uint32_t plain = type & SOCK_TYPE_MASK;

    if (type & ~(uint64_t)(SOCK_TYPE_MASK | O_NONBLOCK | O_CLOEXEC) || plain >= SOCK_TYPE_MAX)
        return -EINVAL;
    if ((int)family != AF_INET)
        return -EAFNOSUPPORT;
    if (plain != SOCK_STREAM && plain != SOCK_DGRAM)
        return plain == SOCK_RAW ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
    if (protocol != 0 && (int)protocol != (plain == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP))
        return -EPROTONOSUPPORT;
    return plain == SOCK_STREAM ? NET_STREAM : NET_DATAGRAM;
}

int64_t posix_socket(OS_N, uint64_t family, uint64_t type, uint64_t protocol)
{
    int kind = kind_read(family, (uint32_t)type, protocol), number, error;
    struct socket *s;

    if (kind < 0)
        return kind;
    error = fd_reserve();
    if (error < 0)
        return error;
    s = socket_make((enum net_kind)kind, type);
    if (!s)
        return -ENOMEM;
    number = net_open((enum net_kind)kind);
    if (number < 0) {
        socket_unmake(s);
        return number == -ENODEV ? -EAFNOSUPPORT : number; /* this machine has no network */
    }
    return socket_install(s, number, type);
}

/* Pairs are of local sockets, which there are none of. */
int64_t posix_socketpair(OS_N, uint64_t family, uint64_t type, uint64_t protocol, uint64_t fds)
{
    int kind = kind_read(family, (uint32_t)type, protocol);

    (void)fds;
    return kind < 0 ? kind : -EOPNOTSUPP;
}

int64_t posix_bind(OS_N, uint64_t fd, uint64_t address, uint64_t length)
{
    struct net_address at;
    struct socket *s = fd_socket(fd);
    int error = s ? address_read(address, length, &at) : socket_missing(fd);

    if (error)
        return error;
    s = fd_socket(fd); /* reading may have slept */
    return s ? net_bind(s->number, &at) : -EBADF;
}

int64_t posix_listen(OS_N, uint64_t fd, uint64_t backlog)
{
    struct socket *s = fd_socket(fd);
    unsigned n = (uint32_t)backlog < NET_BACKLOG_MAX ? (uint32_t)backlog : NET_BACKLOG_MAX;

    return s ? net_listen(s->number, n) : socket_missing(fd);
}

/* The number of the next connection, when there is room for its descriptor; into s, which was made for it. */
static int64_t accept_wait(struct socket *listener, struct socket *s, uint64_t flags, struct net_address *peer)
{
    uint64_t deadline_ns = deadline_after(listener->receive_ns);
    bool worked = false;
    int number, error;

    for (;;) {
        error = fd_reserve();
        number = error < 0 ? error : net_accept(listener->number, peer);
        if (number >= 0)
            return socket_install(s, number, flags);
        error = number == -EAGAIN ? socket_wait(listener, 0, deadline_ns, &worked) : number;
        if (error)
            return error;
    }
}

static int64_t accept_from(struct socket *listener, uint64_t address, uint64_t length, uint64_t flags)
{
    struct net_address peer;
    struct socket *s;
    int64_t fd;

    if (listener->kind != NET_STREAM)
        return -EOPNOTSUPP;
    s = socket_make(NET_STREAM, flags);
    if (!s)
        return -ENOMEM;
    s->receive_ns = listener->receive_ns;
    s->send_ns = listener->send_ns;
    fd = accept_wait(listener, s, flags, &peer);
    if (fd < 0) {
        socket_unmake(s);
        return fd;
    }
    if (address && address_write(address, length, &peer)) {
        posix_close(0, (uint64_t)fd);
        return -EFAULT;
    }
    return fd;
}

int64_t posix_accept4(OS_N, uint64_t fd, uint64_t address, uint64_t length, uint64_t flags)
{
    struct socket *s = fd_socket(fd);
    int64_t accepted;

    if (flags & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    if (!s)
        return socket_missing(fd);
    s->file.refs++;
    accepted = accept_from(s, address, length, flags);
    file_put(&s->file);
    return accepted;
}

int64_t posix_accept(OS_N, uint64_t fd, uint64_t address, uint64_t length)
{
    return posix_accept4(0, fd, address, length, 0);
}

/* A connection is being made: waits for what comes of it. */
static int64_t connect_wait(struct socket *s)
{
    uint64_t deadline_ns = deadline_after(s->send_ns);
    bool worked = false;
    int64_t error = 0;

    while (!error && !(net_ready(s->number) & (NET_WRITABLE | NET_ERROR | NET_HANGUP)))
        error = socket_wait(s, 0, deadline_ns, &worked);
    if (error)
        return error == -EAGAIN ? -EINPROGRESS : error;
    error = net_option_get(s->number, NET_OPTION_ERROR);
    return error > 0 ? -error : error;
}

int64_t posix_connect(OS_N, uint64_t fd, uint64_t address, uint64_t length)
{
    struct net_address to;
    struct socket *s = fd_socket(fd);
    int64_t error = s ? address_read(address, length, &to) : socket_missing(fd);

    if (error)
        return error;
    s = fd_socket(fd); /* reading may have slept */
    if (!s)
        return -EBADF;
    s->file.refs++;
    error = net_connect(s->number, &to);
    if (error == -EISCONN && s->connecting)
        error = 0;
    if ((error == -EINPROGRESS || error == -EALREADY) && !(s->file.flags & O_NONBLOCK))
        error = connect_wait(s);
    s->connecting = error == -EINPROGRESS || error == -EALREADY;
    file_put(&s->file);
    return error;
}

int64_t posix_shutdown(OS_N, uint64_t fd, uint64_t how)
{
    struct socket *s = fd_socket(fd);
    int error;

    if (!s)
        return socket_missing(fd);
    if (how > SHUT_RDWR)
        return -EINVAL;
    error = net_shutdown(s->number, how != SHUT_WR, how != SHUT_RD);
    if (!error)
        watch_tell(&s->watched);
    return error;
}

/* SPDX-License-Identifier: MIT */
/* socket_option.c: options of sockets (man-pages socket(7), tcp(7)). */
#include "socket.h"

#define NS 1000000000ull
#define NONE NET_OPTIONS

struct linger {
    int on, seconds;
};
struct timeval {
    int64_t sec, usec;
};

/* Options whose value is one number that net knows; what is only told, and sizes, which are set to no effect. */
static const struct option {
    uint8_t level, name, option;
    bool told, size;
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR, NET_OPTION_REUSE, false, false},
    {SOL_SOCKET, SO_KEEPALIVE, NET_OPTION_KEEPALIVE, false, false},
    {SOL_SOCKET, SO_BROADCAST, NET_OPTION_BROADCAST, false, false},
    {SOL_SOCKET, SO_SNDBUF, NET_OPTION_SEND_BYTES, true, true},
    {SOL_SOCKET, SO_RCVBUF, NET_OPTION_RECEIVE_BYTES, true, true},
    {SOL_SOCKET, SO_ERROR, NET_OPTION_ERROR, true, false},
    {SOL_SOCKET, SO_ACCEPTCONN, NET_OPTION_LISTENS, true, false},
    {IPPROTO_TCP, TCP_NODELAY, NET_OPTION_NODELAY, false, false},
};

static const struct option *option_find(uint64_t level, uint64_t name)
{
    for (const struct option *o = options; o < options + sizeof options / sizeof *options; o++)
        if (o->level == (uint32_t)level && o->name == (uint32_t)name)
            return o;
    return NULL;
}

static uint64_t *timeout_of(struct socket *s, uint64_t level, uint64_t name)
{
    if ((uint32_t)level != SOL_SOCKET)
        return NULL;
    return (uint32_t)name == SO_RCVTIMEO ? &s->receive_ns : (uint32_t)name == SO_SNDTIMEO ? &s->send_ns : NULL;
}

static int timeout_set(uint64_t *ns, uaddr_t value, uint64_t length)
{
    struct timeval t;

    if ((uint32_t)length < sizeof t)
        return -EINVAL;
    if (env_copy_in(&t, value, sizeof t))
        return -EFAULT;
    if (t.usec < 0 || t.usec >= 1000000)
        return -EDOM;
    if (t.sec < 0) /* as in Linux: over at once */
        t = (struct timeval){0, 1};
    *ns = (uint64_t)t.sec > UINT64_MAX / NS / 4 ? 0 : (uint64_t)t.sec * NS + (uint64_t)t.usec * 1000;
    return 0;
}

static int linger_set(int number, uaddr_t value, uint64_t length)
{
    struct linger l;

    if ((uint32_t)length < sizeof l)
        return -EINVAL;
    if (env_copy_in(&l, value, sizeof l))
        return -EFAULT;
    return net_option_set(number, NET_OPTION_LINGER, l.on ? (uint64_t)(uint32_t)l.seconds + 1 : 0);
}

static bool is_linger(uint64_t level, uint64_t name)
{
    return (uint32_t)level == SOL_SOCKET && (uint32_t)name == SO_LINGER;
}

static int64_t option_set(struct socket *s, uint64_t level, uint64_t name, uaddr_t value, uint64_t length)
{
    const struct option *o = option_find(level, name);
    uint64_t *timeout = timeout_of(s, level, name);
    int number;

    if (timeout)
        return timeout_set(timeout, value, length);
    if (is_linger(level, name))
        return linger_set(s->number, value, length);
    if (!o || (o->told && !o->size))
        return -ENOPROTOOPT;
    if ((uint32_t)length < sizeof number)
        return -EINVAL;
    if (env_copy_in(&number, value, sizeof number))
        return -EFAULT;
    return o->size ? 0 : net_option_set(s->number, o->option, number != 0);
}

int64_t posix_setsockopt(OS_N, uint64_t fd, uint64_t level, uint64_t name, uint64_t value, uint64_t length)
{
    struct socket *s = fd_socket(fd);
    int64_t error;

    if (!s)
        return socket_missing(fd);
    if ((int)length < 0)
        return -EINVAL;
    s->file.refs++;
    error = option_set(s, level, name, value, length);
    file_put(&s->file);
    return error;
}

/* What is told of every socket without asking net; -1: something else was asked for. */
static int64_t fact_get(const struct socket *s, uint64_t level, uint64_t name)
{
    if ((uint32_t)level != SOL_SOCKET)
        return -1;
    switch ((uint32_t)name) {
    case SO_TYPE:
        return s->kind == NET_STREAM ? SOCK_STREAM : SOCK_DGRAM;
    case SO_DOMAIN:
        return AF_INET;
    case SO_PROTOCOL:
        return s->kind == NET_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    }
    return -1;
}

/* The option's value to out: its bytes, or a negative errno. */
static int64_t option_get(struct socket *s, uint64_t level, uint64_t name, void *out)
{
    const struct option *o = option_find(level, name);
    const uint64_t *timeout = timeout_of(s, level, name);
    int64_t value = fact_get(s, level, name);

    if (timeout) {
        *(struct timeval *)out = (struct timeval){(int64_t)(*timeout / NS), (int64_t)(*timeout % NS / 1000)};
        return sizeof(struct timeval);
    }
    if (is_linger(level, name)) {
        value = net_option_get(s->number, NET_OPTION_LINGER);
        *(struct linger *)out = (struct linger){value > 0, value > 0 ? (int)(value - 1) : 0};
        return value < 0 ? value : (int64_t)sizeof(struct linger);
    }
    if (value < 0)
        value = o ? net_option_get(s->number, o->option) : -ENOPROTOOPT;
    *(int *)out = (int)value;
    return value < 0 ? value : (int64_t)sizeof(int);
}

/* As much of it as there is room for. */
int64_t posix_getsockopt(OS_N, uint64_t fd, uint64_t level, uint64_t name, uint64_t value, uint64_t length)
{
    uint64_t out[2];
    struct socket *s = fd_socket(fd);
    int64_t bytes;
    int room;

    if (!s)
        return socket_missing(fd);
    if (env_copy_in(&room, length, sizeof room))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    s = fd_socket(fd); /* reading may have slept */
    bytes = s ? option_get(s, level, name, out) : -EBADF;
    if (bytes < 0)
        return bytes;
    room = room < bytes ? room : (int)bytes;
    return env_copy_out(value, out, (uint64_t)room) ? -EFAULT : env_copy_out(length, &room, sizeof room);
}

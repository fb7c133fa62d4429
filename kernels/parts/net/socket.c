/* SPDX-License-Identifier: MIT */
/*
 * socket.c: numbers of sockets, and the functions of net.h that ask only which kind of socket it is.  A number is a
 * place in a table of pages that grows; free places form a list through themselves.
 */
#include "alloc.h"
#include "base/string.h"
#include "net_part.h"

#define PER_PAGE (PAGE_BYTES / sizeof(uintptr_t))
#define FREE_MARK 1u /* set in a free place, whose other bits are the next free number, shifted by one */
#define LAST NET_SOCKETS_MAX

static uintptr_t *pages[NET_SOCKETS_MAX / PER_PAGE];
static unsigned made, free_first = LAST; /* places so far; the first free one */
static uint64_t count;

static uintptr_t *place_of(unsigned number)
{
    return &pages[number / PER_PAGE][number % PER_PAGE];
}

struct socket *socket_find(int number)
{
    uintptr_t place;

    if ((unsigned)number >= made)
        return NULL;
    place = *place_of((unsigned)number);
    return place & FREE_MARK ? NULL : (struct socket *)place;
}

static int place_make(void)
{
    unsigned number = made;

    if (number == NET_SOCKETS_MAX)
        return -ENFILE;
    if (!pages[number / PER_PAGE] && !(pages[number / PER_PAGE] = alloc_page()))
        return -ENOMEM;
    made++;
    *place_of(number) = (uintptr_t)free_first << 1 | FREE_MARK;
    free_first = number;
    return 0;
}

int socket_number(struct socket *s)
{
    int error = free_first == LAST ? place_make() : 0;
    uintptr_t *place;

    if (error)
        return error;
    place = place_of(free_first);
    s->number = (int)free_first;
    free_first = (unsigned)(*place >> 1);
    *place = (uintptr_t)s;
    count++;
    return 0;
}

static void number_free(struct socket *s)
{
    if (s->number < 0)
        return;
    *place_of((unsigned)s->number) = (uintptr_t)free_first << 1 | FREE_MARK;
    free_first = (unsigned)s->number;
    s->number = -1;
    count--;
}

void socket_each(void (*each)(struct socket *s))
{
    for (unsigned number = 0; number < made; number++) {
        struct socket *s = socket_find((int)number);
        if (s)
            each(s);
    }
}

uint64_t socket_count(void)
{
    return count;
}

struct socket *socket_make(enum net_kind kind)
{
    struct socket *s = net_memory_get(sizeof *s);

    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->number = -1;
    s->kind = (uint8_t)kind;
    s->datagrams_end = &s->datagrams;
    list_init(&s->pending);
    return s;
}

void socket_free(struct socket *s)
{
    number_free(s);
    s->closed = true;
    if (s->holds == 0)
        net_memory_put(s);
}

void socket_drop(struct socket *s)
{
    if (--s->holds == 0 && s->closed)
        net_memory_put(s);
}

int socket_error_take(struct socket *s)
{
    int error = s->error;

    s->error = 0;
    return -error;
}

int socket_errno(err_t error)
{
    static const uint8_t numbers[] = {
        [-ERR_MEM] = ENOBUFS,         [-ERR_BUF] = ENOBUFS,    [-ERR_TIMEOUT] = ETIMEDOUT, [-ERR_RTE] = ENETUNREACH,
        [-ERR_INPROGRESS] = EALREADY, [-ERR_VAL] = EINVAL,     [-ERR_WOULDBLOCK] = EAGAIN, [-ERR_USE] = EADDRINUSE,
        [-ERR_ALREADY] = EALREADY,    [-ERR_ISCONN] = EISCONN, [-ERR_CONN] = ENOTCONN,     [-ERR_IF] = ENETUNREACH,
        [-ERR_ABRT] = ETIMEDOUT,      [-ERR_RST] = ECONNRESET, [-ERR_CLSD] = ENOTCONN,     [-ERR_ARG] = EINVAL};

    return error ? -(int)numbers[-error] : 0;
}

bool address_is_ours(uint32_t ip)
{
    return ip && (ip == IPADDR_LOOPBACK || (link_up && ip == address_ip(&link_netif.ip_addr)));
}

int net_open(enum net_kind kind)
{
    struct socket *s;
    int error;

    if (!work_is_ready())
        return -ENODEV;
    s = socket_make(kind);
    if (!s)
        return -ENOMEM;
    error = kind == NET_STREAM ? stream_open(s) : datagram_open(s);
    if (!error) {
        error = socket_number(s);
        if (!error)
            return s->number;
        if (kind == NET_STREAM)
            stream_close(s);
        else
            datagram_close(s);
    }
    socket_free(s);
    return error;
}

void net_close(int number)
{
    struct socket *s = socket_find(number);

    if (!s)
        return;
    number_free(s);
    if (s->kind == NET_DATAGRAM)
        datagram_close(s);
    else if (s->state == SOCKET_LISTENING)
        listen_close(s);
    else
        stream_close(s);
    socket_free(s);
    if (stream_starving)
        stream_feed();
}

int net_bind(int number, const struct net_address *at)
{
    struct socket *s = socket_find(number);
    int error;

    if (!s)
        return -EBADF;
    if (s->bound || s->state != SOCKET_OPEN)
        return -EINVAL;
    if (at->ip && !address_is_ours(at->ip))
        return -EADDRNOTAVAIL;
    error = s->kind == NET_STREAM ? stream_bind(s, at) : datagram_bind(s, at);
    if (!error)
        s->bound = true;
    return error;
}

int net_listen(int number, unsigned backlog)
{
    struct socket *s = socket_find(number);

    if (!s)
        return -EBADF;
    return s->kind == NET_STREAM ? listen_start(s, backlog) : -EOPNOTSUPP;
}

int net_accept(int number, struct net_address *peer)
{
    struct socket *s = socket_find(number), *taken;
    int error;

    if (!s)
        return -EBADF;
    if (s->kind != NET_STREAM)
        return -EOPNOTSUPP;
    if (s->state != SOCKET_LISTENING)
        return -EINVAL;
    if (s->pending_count == 0)
        return -EAGAIN;
    taken = LIST_ENTRY(s->pending.next, struct socket, pending);
    error = socket_number(taken);
    if (error)
        return error;
    listen_take(s);
    if (peer)
        *peer = taken->peer;
    return taken->number;
}

int net_connect(int number, const struct net_address *to)
{
    struct socket *s = socket_find(number);
    struct net_address peer = *to;

    if (!s)
        return -EBADF;
    if (s->kind == NET_DATAGRAM)
        return datagram_connect(s, to);
    if (!peer.ip)
        peer.ip = IPADDR_LOOPBACK; /* as Linux has it */
    return stream_connect(s, &peer);
}

int64_t net_receive(int number, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    struct socket *s = socket_find(number);

    if (!s)
        return -EBADF;
    if (s->kind == NET_DATAGRAM)
        return datagram_receive(s, buffer, n, flags, from);
    if (from)
        *from = s->peer;
    return stream_receive(s, buffer, n, flags);
}

int64_t net_send(int number, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to)
{
    struct socket *s = socket_find(number);

    if (!s)
        return -EBADF;
    return s->kind == NET_STREAM ? stream_send(s, buffer, n, flags) : datagram_send(s, buffer, n, to);
}

static bool is_connected(const struct socket *s)
{
    return s->state == SOCKET_CONNECTED && !(s->kind == NET_STREAM && stream_is_over(s));
}

int net_shutdown(int number, bool receiving, bool sending)
{
    struct socket *s = socket_find(number);

    if (!s)
        return -EBADF;
    if (s->state == SOCKET_LISTENING)
        return receiving ? listen_end(s) : 0;
    if (!is_connected(s))
        return -ENOTCONN;
    if (s->kind == NET_STREAM)
        return stream_shutdown(s, receiving, sending);
    s->shut_receive |= receiving;
    s->shut_send |= sending;
    return 0;
}

int net_name(int number, bool peer, struct net_address *out)
{
    struct socket *s = socket_find(number);

    if (!s)
        return -EBADF;
    if (peer && !is_connected(s))
        return -ENOTCONN;
    *out = peer ? s->peer : s->local;
    return 0;
}

uint32_t net_ready(int number)
{
    struct socket *s = socket_find(number);

    if (!s)
        return NET_ERROR | NET_HANGUP;
    if (s->kind == NET_STREAM)
        return stream_ready(s);
    return NET_WRITABLE | (s->datagrams || s->shut_receive ? NET_READABLE : 0) | (s->error ? NET_ERROR : 0) |
           (s->shut_receive ? NET_ENDED : 0) | (s->shut_receive && s->shut_send ? NET_HANGUP : 0);
}

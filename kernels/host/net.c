/* SPDX-License-Identifier: MIT */
/*
 * net.c (host): net.h without a network: sockets of this machine reach each other and nobody else.  What one sends is
 * on its way until net_work brings it there, so that a user who forgets net_work waits for ever.  Each thing that gets
 * on its way is announced to net_user_wake, as an interface's interrupt would.
 *
 *   stream     a ring; head: sent, seen: has arrived, tail: was read      a datagram is its length, sender and bytes
 *   connect    makes the other end at once and puts it into the listener's queue; both learn of it by net_work
 */
#include "net.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "host.h"
#include "sched.h"

#define SOCKETS 1200
#define RING_BYTES 8192u
#define QUEUE_MAX 16
#define HERE 0x7f000001u
#define PORT_FIRST 40000
#define DATAGRAM_MAX 2000u

enum state { FREE, OPEN, LISTENING, CONNECTING, CONNECTED };

struct end {
    enum state state;
    enum net_kind kind;
    struct net_address local, peer;
    bool changed, told_readable, shut_receiving, shut_sending, ended, reset;
    int other; /* the connection's other end; -1: none */
    int error;
    char *ring;
    uint64_t head, seen, tail;
    int queue[QUEUE_MAX];
    unsigned queued, arrived, backlog;
    uint64_t options[NET_OPTIONS];
};

struct datagram {
    uint32_t bytes;
    struct net_address from;
};

static struct end ends[SOCKETS];
static bool pending, flood, present = true;
static uint16_t port_next = PORT_FIRST;
static uint64_t wakes, wakes_of_nobody;

void host_net_reset(bool there)
{
    for (unsigned i = 0; i < SOCKETS; i++)
        alloc_put(ends[i].ring);
    memset(ends, 0, sizeof ends);
    pending = flood = false;
    present = there;
    wakes = wakes_of_nobody = 0;
}

void host_net_wakes(uint64_t *of_users, uint64_t *of_nobody)
{
    *of_users = wakes;
    *of_nobody = wakes_of_nobody;
}

static void end_change(struct end *e)
{
    e->changed = true;
    if (pending)
        return;
    pending = true;
    if (net_user_wake())
        wakes++;
    else
        wakes_of_nobody++;
}

void host_net_flood(bool on)
{
    pending = flood = on;
}

void host_net_reset_connection(int s)
{
    ends[s].error = ECONNRESET;
    ends[s].reset = true;
    end_change(&ends[s]);
}

int net_init(const char *config)
{
    (void)config;
    return 0;
}

bool net_pending(void)
{
    return pending;
}

uint64_t net_work(void)
{
    pending = flood;
    for (int i = 0; i < SOCKETS; i++) {
        struct end *e = &ends[i];
        if (!e->changed)
            continue;
        e->changed = false;
        e->seen = e->head;
        e->arrived = e->queued;
        if (e->state == CONNECTING)
            e->state = e->error ? OPEN : CONNECTED;
        net_event(i);
    }
    return SCHED_FOREVER;
}

int net_open(enum net_kind kind)
{
    int i = 0;

    if (!present)
        return -ENODEV;
    while (i < SOCKETS && ends[i].state != FREE)
        i++;
    if (i == SOCKETS)
        return -ENFILE;
    ends[i] = (struct end){.state = OPEN, .kind = kind, .other = -1, .ring = alloc_get(RING_BYTES)};
    if (ends[i].ring)
        return i;
    ends[i].state = FREE;
    return -ENOMEM;
}

void net_close(int s)
{
    struct end *e = &ends[s];

    if (e->other >= 0) {
        struct end *other = &ends[e->other];
        other->other = -1;
        other->ended = true;
        other->reset |= e->tail != e->head;
        other->error = e->tail != e->head ? ECONNRESET : 0;
        end_change(other);
    }
    for (unsigned i = 0; i < e->queued; i++)
        net_close(e->queue[i]);
    alloc_put(e->ring);
    *e = (struct end){.other = -1};
}

static struct end *end_at(enum net_kind kind, const struct net_address *at)
{
    for (struct end *e = ends; e < ends + SOCKETS; e++)
        if (e->state != FREE && e->kind == kind && e->local.port == at->port && e->other < 0 &&
            (kind == NET_DATAGRAM || e->state == LISTENING || !at->ip))
            return e;
    return NULL;
}

int net_bind(int s, const struct net_address *at)
{
    struct net_address any = {0, at->port};

    if (ends[s].local.port)
        return -EINVAL;
    if (at->ip && at->ip != HERE)
        return -EADDRNOTAVAIL;
    if (at->port && end_at(ends[s].kind, &any))
        return -EADDRINUSE;
    ends[s].local = (struct net_address){at->ip, at->port ? at->port : port_next++};
    return 0;
}

int net_listen(int s, unsigned backlog)
{
    struct net_address any = {0, 0};

    if (ends[s].kind != NET_STREAM)
        return -EOPNOTSUPP;
    if (!ends[s].local.port)
        net_bind(s, &any);
    ends[s].state = LISTENING;
    ends[s].backlog = backlog < 1 ? 1 : backlog < QUEUE_MAX ? backlog : QUEUE_MAX;
    return 0;
}

int net_accept(int s, struct net_address *peer)
{
    struct end *e = &ends[s];
    int accepted = e->queue[0];

    if (e->state != LISTENING)
        return -EINVAL;
    if (!e->arrived)
        return -EAGAIN;
    e->arrived--;
    e->queued--;
    memmove(e->queue, e->queue + 1, e->queued * sizeof *e->queue);
    *peer = ends[accepted].peer;
    return accepted;
}

static int stream_connect(int s, const struct net_address *to)
{
    struct end *e = &ends[s], *listener = end_at(NET_STREAM, to), *end;
    int other;

    e->state = CONNECTING;
    end_change(e);
    if (!listener || listener->state != LISTENING || listener->queued == listener->backlog) {
        e->error = ECONNREFUSED;
        return -EINPROGRESS;
    }
    other = net_open(NET_STREAM);
    if (other < 0)
        return other;
    end = &ends[other];
    end->state = CONNECTED;
    end->local = e->peer = *to;
    end->peer = e->local;
    end->other = s;
    e->other = other;
    listener->queue[listener->queued++] = other;
    end_change(listener);
    return -EINPROGRESS;
}

int net_connect(int s, const struct net_address *to)
{
    struct net_address any = {HERE, 0};
    struct end *e = &ends[s];

    if (e->state == CONNECTED && e->kind == NET_STREAM)
        return -EISCONN;
    if (e->state == CONNECTING)
        return -EALREADY;
    if (e->state == LISTENING)
        return -EISCONN;
    if (to->ip != HERE && to->ip)
        return -ENETUNREACH;
    if (!e->local.port)
        net_bind(s, &any);
    if (e->kind == NET_STREAM)
        return stream_connect(s, to);
    e->peer = *to;
    e->state = to->port ? CONNECTED : OPEN;
    return 0;
}

/* Moves n bytes between the ring at position and this domain, or, caller being true, the caller. */
static int ring_move(struct end *e, uint64_t position, void *data, uaddr_t caller, uint64_t n, bool in)
{
    for (uint64_t done = 0; done < n;) {
        uint64_t at = (position + done) % RING_BYTES, piece = RING_BYTES - at < n - done ? RING_BYTES - at : n - done;
        char *here = e->ring + at, *there = data ? (char *)data + done : NULL;
        if (!data && (in ? env_copy_in(here, caller + done, piece) : env_copy_out(caller + done, here, piece)))
            return -EFAULT;
        if (data)
            memcpy(in ? here : there, in ? there : here, piece);
        done += piece;
    }
    return 0;
}

static int64_t datagram_receive(struct end *e, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    struct datagram d;

    if (e->tail == e->seen)
        return -EAGAIN;
    ring_move(e, e->tail, &d, 0, sizeof d, false);
    n = n < d.bytes ? n : d.bytes;
    if (ring_move(e, e->tail + sizeof d, NULL, buffer, n, false))
        return -EFAULT;
    if (!(flags & NET_PEEK))
        e->tail += sizeof d + d.bytes;
    if (from)
        *from = d.from;
    return (int64_t)n;
}

int64_t net_receive(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    struct end *e = &ends[s];

    if (e->kind == NET_DATAGRAM)
        return datagram_receive(e, buffer, n, flags, from);
    if (e->error) {
        int error = e->error;
        e->error = 0;
        return -error;
    }
    if (e->state != CONNECTED)
        return -ENOTCONN;
    if (e->seen == e->tail)
        return (e->ended && !e->changed) || e->shut_receiving ? 0 : -EAGAIN;
    n = n < e->seen - e->tail ? n : e->seen - e->tail;
    if (ring_move(e, e->tail, NULL, buffer, n, false))
        return -EFAULT;
    if (flags & NET_PEEK)
        return (int64_t)n;
    e->tail += n;
    if (e->other >= 0 && e->head - e->tail + n == RING_BYTES)
        end_change(&ends[e->other]);
    return (int64_t)n;
}

static int64_t datagram_send(struct end *e, uaddr_t buffer, uint64_t n, const struct net_address *to)
{
    struct datagram d = {(uint32_t)n, {HERE, 0}};
    struct end *other;

    if (!to && !e->peer.port)
        return -EDESTADDRREQ;
    if (n > DATAGRAM_MAX)
        return -EMSGSIZE;
    if (!e->local.port)
        net_bind((int)(e - ends), &(struct net_address){0, 0});
    d.from.port = e->local.port;
    other = end_at(NET_DATAGRAM, to ? to : &e->peer);
    if (!other || RING_BYTES - (other->head - other->tail) < n + sizeof d)
        return (int64_t)n; /* lost */
    ring_move(other, other->head, &d, 0, sizeof d, true);
    if (ring_move(other, other->head + sizeof d, NULL, buffer, n, true))
        return -EFAULT;
    other->head += sizeof d + n;
    end_change(other);
    return (int64_t)n;
}

int64_t net_send(int s, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to)
{
    struct end *e = &ends[s], *other = e->other >= 0 ? &ends[e->other] : NULL;

    (void)flags;
    if (e->kind == NET_DATAGRAM)
        return datagram_send(e, buffer, n, to);
    if (e->error) {
        int error = e->error;
        e->error = 0;
        return -error;
    }
    if (e->state != CONNECTED || e->shut_sending || !other)
        return e->state == CONNECTED ? -EPIPE : -ENOTCONN;
    if (n && other->head - other->tail == RING_BYTES)
        return -EAGAIN;
    n = n < RING_BYTES - (other->head - other->tail) ? n : RING_BYTES - (other->head - other->tail);
    if (ring_move(other, other->head, NULL, buffer, n, true))
        return -EFAULT;
    other->head += n;
    if (n)
        end_change(other);
    return (int64_t)n;
}

int net_shutdown(int s, bool receiving, bool sending)
{
    struct end *e = &ends[s];

    if (e->state == LISTENING) {
        e->state = receiving ? OPEN : LISTENING;
        return 0;
    }
    if (e->state != CONNECTED)
        return -ENOTCONN;
    e->shut_receiving |= receiving;
    e->shut_sending |= sending;
    if (sending && e->other >= 0) {
        ends[e->other].ended = true;
        end_change(&ends[e->other]);
    }
    return 0;
}

int net_name(int s, bool peer, struct net_address *out)
{
    if (peer && ends[s].state != CONNECTED)
        return -ENOTCONN;
    *out = peer ? ends[s].peer : ends[s].local;
    return 0;
}

int net_option_set(int s, enum net_option option, uint64_t value)
{
    ends[s].options[option] = value;
    return 0;
}

int64_t net_option_get(int s, enum net_option option)
{
    struct end *e = &ends[s];
    int error = e->error;

    switch (option) {
    case NET_OPTION_ERROR:
        e->error = 0;
        return error;
    case NET_OPTION_LISTENS:
        return e->state == LISTENING;
    case NET_OPTION_UNREAD:
        return (int64_t)(e->seen - e->tail);
    case NET_OPTION_SEND_BYTES:
    case NET_OPTION_RECEIVE_BYTES:
        return RING_BYTES;
    default:
        return (int64_t)e->options[option];
    }
}

uint32_t net_ready(int s)
{
    const struct end *e = &ends[s];
    bool ended = (e->ended && !e->changed) || e->shut_receiving;
    uint32_t bits = e->error && e->state != CONNECTING ? NET_ERROR : 0;

    if (e->state == LISTENING)
        return e->arrived ? NET_READABLE : 0;
    if (e->kind == NET_DATAGRAM)
        return NET_WRITABLE | (e->seen != e->tail ? NET_READABLE : 0);
    if (e->state != CONNECTED)
        return bits | (e->state == OPEN ? NET_WRITABLE | NET_HANGUP : 0);
    bits |= e->seen != e->tail || ended ? NET_READABLE : 0;
    bits |= ended ? NET_ENDED : 0;
    if (e->other < 0 || ends[e->other].head - ends[e->other].tail < RING_BYTES)
        bits |= NET_WRITABLE;
    return bits | (ended && (e->shut_sending || e->reset) ? NET_HANGUP : 0);
}

void net_books(struct net_books *out)
{
    *out = (struct net_books){.segments_resent = 1, .frames_bad = 2, .frames_dropped = 3}; /* so that each is known */
    for (unsigned i = 0; i < SOCKETS; i++)
        out->sockets += ends[i].state != FREE;
}

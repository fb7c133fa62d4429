/* SPDX-License-Identifier: MIT */
/*
 * datagram.c: sockets of UDP.  What came waits, in the buffers in which it came, up to a bound; more is lost, as
 * anywhere on the way.
 */
#include "base/string.h"
#include "net_part.h"

#define PIECE_MAX 1472u /* of a datagram to be sent: one buffer, and one frame if it is all */

struct datagram {
    struct datagram *next;
    struct pbuf *p;
    struct net_address from;
    unsigned holds; /* the queue, and those who copy it */
};

static void on_receive(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *ip, u16_t port)
{
    struct socket *s = arg;
    struct datagram *d = NULL;

    (void)pcb;
    if (!s->shut_receive && s->waiting_count < NET_DATAGRAMS_WAITING &&
        s->waiting_bytes + p->tot_len <= NET_BUFFER_BYTES + NET_DATAGRAM_MAX)
        d = net_memory_get(sizeof *d);
    if (!d) {
        pbuf_free(p);
        return;
    }
    *d = (struct datagram){NULL, p, {address_ip(ip), port}, 1};
    s->waiting_count++;
    s->waiting_bytes += p->tot_len;
    *s->datagrams_end = d;
    s->datagrams_end = &d->next;
    socket_event(s);
}

static void datagram_drop(struct datagram *d)
{
    if (--d->holds)
        return;
    pbuf_free(d->p);
    net_memory_put(d);
}

static void datagram_take(struct socket *s, struct datagram *d)
{
    s->datagrams = d->next;
    if (!s->datagrams)
        s->datagrams_end = &s->datagrams;
    s->waiting_count--;
    s->waiting_bytes -= d->p->tot_len;
    datagram_drop(d);
}

int datagram_open(struct socket *s)
{
    s->udp = udp_new();
    if (!s->udp)
        return -ENOMEM;
    udp_recv(s->udp, on_receive, s);
    return 0;
}

void datagram_close(struct socket *s)
{
    while (s->datagrams)
        datagram_take(s, s->datagrams);
    if (s->udp)
        udp_remove(s->udp);
    s->udp = NULL;
    if (s->port)
        port_put(s->port);
    s->port = NULL;
}

int datagram_bind(struct socket *s, const struct net_address *at)
{
    ip_addr_t ip = address_lwip(at->ip);
    int error = port_get(IP_PROTO_UDP, at->ip, at->port, &s->port);

    if (error)
        return error;
    error = socket_errno(udp_bind(s->udp, &ip, s->port->number));
    if (error) {
        port_put(s->port);
        s->port = NULL;
        return error;
    }
    s->local = (struct net_address){at->ip, s->port->number};
    s->bound = true;
    return 0;
}

static int bind_any(struct socket *s)
{
    struct net_address any = {0};

    return s->bound ? 0 : datagram_bind(s, &any);
}

int datagram_connect(struct socket *s, const struct net_address *to)
{
    uint32_t to_ip = to->ip ? to->ip : IPADDR_LOOPBACK;
    ip_addr_t ip = address_lwip(to_ip);
    struct netif *netif;
    int error;

    if (!to->ip && !to->port) {
        udp_disconnect(s->udp);
        s->state = SOCKET_OPEN;
        return 0;
    }
    netif = ip_route(&s->udp->local_ip, &ip);
    if (!netif)
        return -ENETUNREACH;
    error = bind_any(s);
    if (!error)
        error = socket_errno(udp_connect(s->udp, &ip, to->port));
    if (error)
        return error;
    s->peer = (struct net_address){to_ip, to->port};
    s->state = SOCKET_CONNECTED;
    if (!s->local.ip)
        s->local.ip = address_ip(&netif->ip_addr);
    return 0;
}

/* The caller's bytes in buffers, the first with room for headers; NULL with *error. */
static struct pbuf *gather(uaddr_t buffer, uint64_t n, int *error)
{
    struct pbuf *all = NULL, *last = NULL;
    uint64_t done = 0;

    do {
        uint32_t piece = n - done < PIECE_MAX ? (uint32_t)(n - done) : PIECE_MAX;
        struct pbuf *p = pbuf_alloc(all ? PBUF_RAW : PBUF_TRANSPORT, (u16_t)piece, PBUF_RAM);
        *error = !p ? -ENOBUFS : env_copy_in(p->payload, buffer + done, piece);
        if (!all)
            all = p;
        else if (p)
            last->next = p;
        if (*error)
            break;
        p->tot_len = (u16_t)(n - done);
        last = p;
        done += piece;
    } while (done < n);
    if (*error && all)
        pbuf_free(all);
    return *error ? NULL : all;
}

int64_t datagram_send(struct socket *s, uaddr_t buffer, uint64_t n, const struct net_address *to)
{
    struct net_address peer = to ? *to : s->peer;
    ip_addr_t ip = address_lwip(peer.ip ? peer.ip : IPADDR_LOOPBACK);
    struct pbuf *p;
    int error;

    if (s->error)
        return socket_error_take(s);
    if (s->shut_send)
        return -EPIPE;
    if (!to && s->state != SOCKET_CONNECTED)
        return -EDESTADDRREQ;
    if (n > NET_DATAGRAM_MAX)
        return -EMSGSIZE;
    error = peer.port ? bind_any(s) : -EINVAL;
    if (error)
        return error;
    socket_hold(s);
    p = gather(buffer, n, &error);
    if (p) {
        error = s->udp ? socket_errno(udp_sendto(s->udp, p, &ip, peer.port)) : -EBADF;
        pbuf_free(p);
    }
    socket_drop(s);
    return error ? error == -EINVAL ? -EACCES : error : (int64_t)n;
}

/* Copies up to n bytes of a chain. */
static int chain_copy(const struct pbuf *p, uaddr_t buffer, uint64_t n)
{
    int error = 0;

    for (; p && n && !error; p = p->next) {
        uint64_t piece = n < p->len ? n : p->len;
        error = env_copy_out(buffer, p->payload, piece);
        buffer += piece;
        n -= piece;
    }
    return error;
}

uint32_t datagram_unread(const struct socket *s)
{
    return s->datagrams ? s->datagrams->p->tot_len : 0;
}

int64_t datagram_receive(struct socket *s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    struct datagram *d = s->datagrams;
    uint64_t bytes;
    int error;

    if (s->error)
        return socket_error_take(s);
    if (!d)
        return s->shut_receive ? 0 : -EAGAIN;
    bytes = n < d->p->tot_len ? n : d->p->tot_len;
    socket_hold(s);
    d->holds++;
    error = chain_copy(d->p, buffer, bytes);
    if (!error && from)
        *from = d->from;
    if (s->datagrams != d)
        error = -EAGAIN; /* another receiver, or net_close, was faster */
    else if (!error && !(flags & NET_PEEK))
        datagram_take(s, d);
    datagram_drop(d);
    socket_drop(s);
    return error ? error : (int64_t)bytes;
}

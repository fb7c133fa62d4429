/* SPDX-License-Identifier: MIT */
/*
 * listen.c: connections that come.  One that is half open (its SYN was answered, nothing more came) is a pcb; when it
 * is open it gets a socket, which waits in its listener's list for net_accept.
 *
 * Both together are bounded by the backlog, and half-open ones by HALF_OPEN_MAX besides, for nobody need ever complete
 * them.  At the bound a SYN takes the place of the oldest half-open one, if that had time enough to be completed (RFC
 * 4987, section 3.4); else it is not answered, and its sender tries again.
 */
#include "lwip/priv/tcp_priv.h"
#include "net_hooks.h"
#include "net_part.h"

#define HALF_OPEN_MAX 128u
#define HALF_OPEN_TICKS (1000u / TCP_SLOW_INTERVAL)
#define BACKLOG_OF_LWIP 255u /* its bound, above ours */

static bool half_open_drop(const struct tcp_pcb_listen *listener)
{
    struct tcp_pcb *oldest = NULL;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->state == SYN_RCVD && pcb->listener == listener && (!oldest || pcb->tmr - oldest->tmr > INT32_MAX))
            oldest = pcb;
    if (!oldest || tcp_ticks - oldest->tmr < HALF_OPEN_TICKS)
        return false;
    tcp_abandon(oldest, 0);
    return true;
}

err_t net_listen_check(struct tcp_pcb_listen *listener, const struct tcp_hdr *header)
{
    const struct socket *s = listener->callback_arg;
    unsigned flags = TCPH_FLAGS(header);

    if ((flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return ERR_OK;
    if (s->pending_count > s->backlog)
        return ERR_MEM;
    if ((s->pending_count + listener->accepts_pending > s->backlog || listener->accepts_pending >= HALF_OPEN_MAX) &&
        !half_open_drop(listener))
        return ERR_MEM;
    time_wait_bound();
    return ERR_OK;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct socket *parent = arg, *s;

    if (error != ERR_OK || !pcb || !(s = socket_make(NET_STREAM)))
        return ERR_MEM; /* lwIP resets it */
    s->state = SOCKET_CONNECTED;
    s->bound = true;
    s->reuse = parent->reuse;
    s->nodelay = parent->nodelay;
    s->keepalive = parent->keepalive;
    s->linger = parent->linger;
    s->local = (struct net_address){address_ip(&pcb->local_ip), pcb->local_port};
    s->peer = (struct net_address){address_ip(&pcb->remote_ip), pcb->remote_port};
    stream_attach(s, pcb);
    stream_options_apply(s);
    list_add(&parent->pending, &s->pending);
    parent->pending_count++;
    socket_event(parent);
    return ERR_OK;
}

int listen_start(struct socket *s, unsigned backlog)
{
    struct net_address any = {0};
    struct tcp_pcb *pcb;
    err_t error = ERR_MEM;

    if (s->state == SOCKET_OPEN && !s->tcp)
        return -EINVAL;
    if (s->state != SOCKET_OPEN && s->state != SOCKET_LISTENING)
        return -EINVAL;
    s->backlog = backlog > NET_BACKLOG_MAX ? NET_BACKLOG_MAX : backlog;
    if (s->state == SOCKET_LISTENING)
        return 0;
    if (!s->bound) {
        int failed = stream_bind(s, &any);
        if (failed)
            return failed;
        s->bound = true;
    }
    port_double(s->tcp); /* lwIP copies the pcb and then frees it */
    pcb = tcp_listen_with_backlog_and_err(s->tcp, BACKLOG_OF_LWIP, &error);
    if (!pcb) {
        port_single(s->tcp);
        return error == ERR_USE ? -EADDRINUSE : -ENOMEM;
    }
    s->listener = (struct tcp_pcb_listen *)pcb;
    s->state = SOCKET_LISTENING;
    tcp_arg(pcb, s);
    tcp_accept(pcb, on_accept);
    return 0;
}

void listen_take(struct socket *s)
{
    list_remove(s->pending.next);
    s->pending_count--;
}

void listen_close(struct socket *s)
{
    while (s->pending_count) {
        struct socket *child = LIST_ENTRY(s->pending.next, struct socket, pending);
        listen_take(s);
        child->linger = 1; /* nobody will ever read what it sends */
        stream_close(child);
        socket_free(child);
    }
    if (s->listener)
        tcp_close((struct tcp_pcb *)s->listener);
}

int listen_end(struct socket *s)
{
    struct net_address local = s->local;
    int error;

    listen_close(s);
    s->tcp = NULL;
    s->state = SOCKET_OPEN;
    s->bound = false;
    error = stream_open(s);
    if (error)
        return error;
    socket_options_apply(s);
    error = stream_bind(s, &local);
    s->bound = !error;
    return error;
}

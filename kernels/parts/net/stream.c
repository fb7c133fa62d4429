/* SPDX-License-Identifier: MIT */
/*
 * stream.c: connections of TCP: what lwIP tells of them, and how they begin and end.
 *
 * A socket and its pcb know each other until the connection is over (the pcb goes first: connection_over) or the socket
 * is closed (it goes first: connection_leave, and lwIP brings the pcb to its end).  What came before the end can still
 * be received afterwards.
 */
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "net_hooks.h"
#include "net_part.h"

#define TIME_WAIT_MAX 512u
#define TIME_WAIT_KEPT 256u

/* ---- what comes ---- */

enum { OPTION_END = 0, OPTION_NOTHING = 1 };

err_t net_options_check(const struct tcp_hdr *header, unsigned bytes, bool split)
{
    const uint8_t *options = (const uint8_t *)(header + 1);

    if (split)
        return ERR_VAL; /* in two fragments: nobody sends such */
    for (unsigned i = 0, n; i < bytes && options[i] != OPTION_END; i += n) {
        n = options[i] == OPTION_NOTHING ? 1 : i + 1 < bytes ? options[i + 1] : 0;
        if (!n || i + n > bytes || (n == 1 && options[i] != OPTION_NOTHING)) {
            lwip_stats.tcp.lenerr++;
            return ERR_VAL;
        }
    }
    return ERR_OK;
}

/* ---- what lwIP tells ---- */

static void connection_over(struct socket *s)
{
    s->tcp = NULL;
    socket_event(s);
}

/* The pcb is gone already. */
static void on_error(void *arg, err_t error)
{
    struct socket *s = arg;

    if (!s)
        return;
    if (error != ERR_CLSD)
        s->error = -socket_errno(error);
    if (error == ERR_RST && s->ended)
        s->error = EPIPE; /* as on Linux: nothing was lost on the way here */
    if (s->state == SOCKET_CONNECTING) {
        s->error = error == ERR_RST ? ECONNREFUSED : s->error;
        s->state = SOCKET_OPEN;
    }
    connection_over(s);
}

/* Data, or with NULL the other side's end.  There is always room: the window is not opened before net_receive. */
static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct socket *s = arg;

    (void)error;
    if (!p) {
        s->ended = true;
        socket_event(s);
        return ERR_OK;
    }
    if (s->shut_receive) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
        return ERR_OK;
    }
    s->waiting_bytes += p->tot_len;
    if (s->first)
        s->last->next = p;
    else
        s->first = p;
    while (p->next)
        p = p->next;
    s->last = p;
    socket_event(s);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
    struct socket *s = arg;

    (void)bytes;
    if (s && s->send_blocked && pcb->snd_buf >= NET_SEND_LOW_BYTES && pcb->snd_queuelen < NET_SEND_PIECES_MAX / 2) {
        s->send_blocked = false;
        socket_event(s);
    }
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct socket *s = arg;

    (void)pcb, (void)error;
    s->state = SOCKET_CONNECTED;
    socket_event(s);
    return ERR_OK;
}

/* Of a connection that is closed on both sides lwIP does not tell when it forgets it. */
static void on_freed(u8_t id, void *socket)
{
    struct socket *s = socket;

    (void)id;
    if (s)
        s->tcp = NULL;
}

static const struct tcp_ext_arg_callbacks freed = {on_freed, NULL};
static u8_t freed_id;

void stream_init(void)
{
    freed_id = tcp_ext_arg_alloc_id();
}

void stream_attach(struct socket *s, struct tcp_pcb *pcb)
{
    s->tcp = pcb;
    tcp_ext_arg_set(pcb, freed_id, s);
    tcp_ext_arg_set_callbacks(pcb, freed_id, &freed);
    tcp_arg(pcb, s);
    tcp_recv(pcb, on_receive);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_setprio(pcb, TCP_PRIO_MAX); /* not to be reset when there is no memory for a new one */
}

/* lwIP no longer knows the socket. */
static struct tcp_pcb *connection_leave(struct socket *s)
{
    struct tcp_pcb *pcb = s->tcp;

    s->tcp = NULL;
    tcp_ext_arg_set(pcb, freed_id, NULL);
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    return pcb;
}

/* ---- begin ---- */

/* Connections that only wait for old segments to die out must not fill the memory: the oldest go. */
void time_wait_bound(void)
{
    struct tcp_pcb *pcb = tcp_tw_pcbs;

    if (port_pcbs < TIME_WAIT_MAX)
        return;
    for (unsigned n = 0; pcb && n < TIME_WAIT_KEPT; n++)
        pcb = pcb->next;
    while (pcb) {
        struct tcp_pcb *next = pcb->next;
        tcp_abort(pcb);
        pcb = next;
    }
}

int stream_open(struct socket *s)
{
    struct tcp_pcb *pcb;

    time_wait_bound();
    pcb = tcp_new();
    if (!pcb)
        return -ENOMEM;
    stream_attach(s, pcb);
    return 0;
}

void stream_options_apply(struct socket *s)
{
    if (s->nodelay)
        tcp_nagle_disable(s->tcp);
    else
        tcp_nagle_enable(s->tcp);
}

/* Whether a listener has the port already, which SO_REUSEADDR does not change on Linux. */
static bool listener_is_at(uint32_t ip, uint16_t number)
{
    for (struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next) {
        uint32_t other = address_ip(&l->local_ip);
        if (l->local_port == number && (!ip || !other || ip == other))
            return true;
    }
    return false;
}

int stream_bind(struct socket *s, const struct net_address *at)
{
    ip_addr_t ip = address_lwip(at->ip);
    struct port *port;
    int error;

    if (at->port && listener_is_at(at->ip, at->port))
        return -EADDRINUSE;
    error = port_get(IP_PROTO_TCP, at->ip, at->port, &port);
    if (error)
        return error;
    error = socket_errno(tcp_bind(s->tcp, &ip, port->number));
    if (error) {
        port_put(port);
        return error;
    }
    port_attach(s->tcp, port);
    s->local = (struct net_address){at->ip, port->number};
    return 0;
}

/* A socket whose connection was refused, or is over, gets a new pcb. */
static int stream_renew(struct socket *s)
{
    int error;

    if (s->tcp)
        return 0;
    error = stream_open(s);
    s->ended = s->bound = false;
    if (!error)
        socket_options_apply(s);
    return error;
}

static int connect_check(struct socket *s)
{
    if (s->state == SOCKET_LISTENING)
        return -EISCONN;
    if (s->state == SOCKET_CONNECTING)
        return -EALREADY;
    if (s->state == SOCKET_CONNECTED)
        return -EISCONN;
    return s->error ? socket_error_take(s) : 0;
}

int stream_connect(struct socket *s, const struct net_address *to)
{
    ip_addr_t ip = address_lwip(to->ip);
    struct net_address any = {0};
    int error = connect_check(s);

    if (!error)
        error = stream_renew(s);
    if (!error && !ip_route(&s->tcp->local_ip, &ip))
        error = -ENETUNREACH;
    if (!error && !s->bound)
        error = stream_bind(s, &any);
    if (error)
        return error;
    s->bound = true;
    timer_catch_up();
    error = socket_errno(tcp_connect(s->tcp, &ip, to->port, on_connected));
    if (error)
        return error;
    s->state = SOCKET_CONNECTING;
    s->peer = *to;
    s->local.ip = address_ip(&s->tcp->local_ip);
    timer_touch(s->tcp);
    return -EINPROGRESS;
}

/* ---- end ---- */

void stream_close(struct socket *s)
{
    bool unread = s->waiting_bytes != 0;
    struct tcp_pcb *pcb;

    stream_discard(s);
    stream_starve_end(s);
    if (!s->tcp)
        return;
    pcb = connection_leave(s);
    timer_catch_up();
    if (pcb->state == TIME_WAIT || pcb->state == CLOSED)
        tcp_close(pcb); /* which nobody is told of */
    else if (unread || s->linger == 1 || tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
    timer_touched++;
}

int stream_shutdown(struct socket *s, bool receiving, bool sending)
{
    if (receiving && !s->shut_receive) {
        s->shut_receive = true;
        if (s->tcp)
            for (uint32_t n; (n = s->waiting_bytes); s->waiting_bytes -= n) {
                n = n < UINT16_MAX ? n : UINT16_MAX;
                tcp_recved(s->tcp, (u16_t)n);
            }
        stream_discard(s);
    }
    if (!sending || s->shut_send)
        return 0;
    s->shut_send = true;
    if (!s->tcp)
        return 0;
    timer_catch_up();
    timer_touch(s->tcp);
    return socket_errno(tcp_shutdown(s->tcp, 0, 1));
}

/* ---- state ---- */

bool stream_is_over(const struct socket *s)
{
    return !s->tcp || s->tcp->state == TIME_WAIT;
}

static uint32_t ready_connected(const struct socket *s)
{
    bool ended = s->ended || s->shut_receive || !s->tcp;
    uint32_t bits = ended ? NET_READABLE | NET_ENDED : 0;

    if (s->first)
        bits |= NET_READABLE;
    if (!s->tcp || (ended && s->shut_send))
        bits |= NET_HANGUP;
    if (!s->tcp || s->shut_send ||
        (!s->send_starves && s->tcp->snd_buf >= NET_SEND_LOW_BYTES && s->tcp->snd_queuelen < NET_SEND_PIECES_MAX / 2))
        bits |= NET_WRITABLE;
    return bits;
}

uint32_t stream_ready(const struct socket *s)
{
    uint32_t error = s->error ? NET_ERROR : 0;

    switch (s->state) {
    case SOCKET_LISTENING:
        return error | (s->pending_count ? NET_READABLE : 0);
    case SOCKET_CONNECTED:
        return error | ready_connected(s) | (s->error ? NET_READABLE : 0);
    case SOCKET_CONNECTING:
        return error;
    default: /* as on Linux: neither reading nor writing would wait; without a pcb one was refused, or is over */
        return error | NET_HANGUP | NET_WRITABLE | (s->tcp ? 0 : NET_READABLE | NET_ENDED);
    }
}

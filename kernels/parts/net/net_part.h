/* SPDX-License-Identifier: MIT */
/*
 * net_part.h: what the files of the part net share.
 *
 *      init.c                     the configuration, the books
 *      work.c timer.c             when something is done: net_work, the thread, TCP's clock
 *      link.c claim.c             the interface: frames out and in; which ones are wanted
 *      socket.c option.c name.c   numbers, and what is alike for all sockets
 *      stream.c listen.c stream_send.c stream_receive.c       TCP
 *      datagram.c error.c                                     UDP; what ICMP tells of it
 *      port.c                     ports in use
 *      memory.c random.c sum.c    what lwIP needs
 *
 * lwIP below is called through its raw API and calls back (stream.c, datagram.c, listen.c).  Nothing here sleeps but
 * env_copy_*: whoever copies holds the socket (socket_hold), and looks at it again afterwards.
 */
#ifndef TOLL_NET_PART_H
#define TOLL_NET_PART_H

#include "base/errno.h"
#include "base/list.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "net.h"
#include "nic.h"

#define NET_BUFFER_BYTES 65536u    /* of a stream each way, and of datagrams that wait to be received */
#define NET_SEND_LOW_BYTES 16384u  /* a stream is writable again when so much is free */
#define NET_SEND_PIECES_MAX 384u   /* buffers that a stream may have unacknowledged */
#define NET_DATAGRAM_MAX 65507u    /* what IPv4 leaves */
#define NET_DATAGRAMS_WAITING 256u /* of one socket */
#define NET_FRAME_BYTES 2048u      /* what a frame that waits in a socket is taken to cost */

enum socket_state { SOCKET_OPEN, SOCKET_LISTENING, SOCKET_CONNECTING, SOCKET_CONNECTED };

struct socket {
    int number; /* -1: not accepted yet */
    uint8_t kind, state;
    bool closed;                  /* by net_close; only calls that sleep still hold it */
    bool ended;                   /* the other side sends no more */
    bool shut_receive, shut_send; /* net_shutdown */
    bool send_blocked;            /* net_send took less than it was given */
    bool send_starves;            /* it took nothing, for there was no memory: it waits for some (stream_send.c) */
    bool bound, reuse, nodelay, keepalive, broadcast;
    uint32_t linger; /* NET_OPTION_LINGER */
    int error;       /* that waits to be taken: a positive errno */
    unsigned holds;
    struct net_address local, peer; /* as far as known */
    union {
        struct tcp_pcb *tcp; /* NULL when the connection is over */
        struct tcp_pcb_listen *listener;
        struct udp_pcb *udp;
    };
    struct port *port; /* of datagrams; that of a connection belongs to its pcb */

    /* what came: a stream's bytes from first to last, by next alone; or datagrams */
    struct pbuf *first, *last;
    struct datagram *datagrams, **datagrams_end;
    uint32_t waiting_bytes, waiting_count;
    uint64_t taken; /* so far: tells a receiver that slept whether another one was faster */

    /* of a listener: connections to be accepted; their link is in pending */
    struct list pending;
    unsigned pending_count, backlog;
    struct socket *parent; /* while it is pending */
};

/* ---- socket.c ---- */

struct socket *socket_find(int number); /* NULL if there is none */
struct socket *socket_make(enum net_kind kind);
int socket_number(struct socket *s); /* gives it a number: 0, -ENFILE, -ENOMEM */
void socket_free(struct socket *s);  /* everything but its pcb; waits for those who hold it */
static inline void socket_hold(struct socket *s)
{
    s->holds++;
}
void socket_drop(struct socket *s);
void socket_each(void (*each)(struct socket *s)); /* that has a number */
uint64_t socket_count(void);
static inline void socket_event(struct socket *s)
{
    if (s->number >= 0)
        net_event(s->number);
}
/* The error that waits, negative, which is then gone; 0. */
int socket_error_take(struct socket *s);
int socket_errno(err_t error);               /* lwIP's as a negative errno */
void socket_options_apply(struct socket *s); /* to its pcb, if there is one (option.c) */

static inline uint32_t address_ip(const ip_addr_t *a)
{
    return lwip_ntohl(ip4_addr_get_u32(a));
}
static inline ip_addr_t address_lwip(uint32_t ip)
{
    ip_addr_t a;
    ip4_addr_set_u32(&a, lwip_htonl(ip));
    return a;
}
bool address_is_ours(uint32_t ip); /* of this machine; 0 is not */

/* ---- stream.c ---- */

void stream_init(void);
int stream_open(struct socket *s);
void stream_close(struct socket *s); /* its pcb goes its own way */
int stream_bind(struct socket *s, const struct net_address *at);
int stream_connect(struct socket *s, const struct net_address *to);
int stream_shutdown(struct socket *s, bool receiving, bool sending);
void stream_attach(struct socket *s, struct tcp_pcb *pcb);
uint32_t stream_ready(const struct socket *s);
bool stream_is_over(const struct socket *s); /* both sides have ended it, or one has reset it */
void stream_options_apply(struct socket *s);
void time_wait_bound(void); /* before there is one more connection */

/* ---- listen.c ---- */

int listen_start(struct socket *s, unsigned backlog);
void listen_take(struct socket *s); /* the first connection is no longer pending */
void listen_close(struct socket *s);
int listen_end(struct socket *s); /* it listens no more, and keeps its port: 0, -ENOMEM */

/* ---- stream_send.c, stream_receive.c ---- */

int64_t stream_send(struct socket *s, uaddr_t buffer, uint64_t n, uint32_t flags);
int64_t stream_receive(struct socket *s, uaddr_t buffer, uint64_t n, uint32_t flags);
void stream_discard(struct socket *s); /* what was not received */
extern unsigned stream_starving;       /* sockets that wait for memory */
void stream_feed(void);                /* if there are any: perhaps there is some now */
void stream_starve_end(struct socket *s);

/* ---- datagram.c ---- */

int datagram_open(struct socket *s);
uint32_t datagram_unread(const struct socket *s); /* bytes of the first one; 0 if there is none */
void datagram_close(struct socket *s);
int datagram_bind(struct socket *s, const struct net_address *at);
int datagram_connect(struct socket *s, const struct net_address *to);
int64_t datagram_send(struct socket *s, uaddr_t buffer, uint64_t n, const struct net_address *to);
int64_t datagram_receive(struct socket *s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from);

/* ---- port.c: a port that is used has one claim of the interface, whoever uses it ---- */

#define PORT_CLAIMS 3
struct port {
    struct port *next;
    uint32_t ip;
    uint16_t number;
    uint8_t protocol; /* IP_PROTO_TCP, IP_PROTO_UDP */
    unsigned users;
    int claims[PORT_CLAIMS]; /* of the interface; negative: none */
};
/* One more user of a port, with number 0 of one that nobody uses.  0, -EADDRINUSE (another domain has it),
   -EADDRNOTAVAIL (none is left), -ENOMEM. */
int port_get(uint8_t protocol, uint32_t ip, uint16_t number, struct port **out);
void port_put(struct port *port);
/* For a pcb's port: from now on the pcb is a user, until it goes. */
void port_attach(struct tcp_pcb *pcb, struct port *port);
/* A copy of a pcb comes into being; or it did not. */
void port_double(struct tcp_pcb *pcb);
void port_single(struct tcp_pcb *pcb);
extern unsigned port_pcbs;       /* pcbs that have one */
void port_address_changed(void); /* ours: claims of ports of any address are made anew */
void port_init(void);

/* ---- claim.c ---- */

int claim_port(struct port *p); /* fills its claims.  0 or an error */
void claim_port_end(struct port *p);
void claim_address(uint32_t ip); /* what one needs to have this address; 0: none */
void claim_dhcp(void);

/* ---- link.c ---- */

extern struct netif link_netif; /* of the interface, when link_up */
extern bool link_up;
int link_init(void (*ready)(void *arg));
bool link_receive(unsigned frames_max); /* whether there are more */
bool link_pending(void);                /* whether there are any; if not, an interrupt will tell */
void link_reclaim(void);                /* what was sent */
void link_flush(void);                  /* what found the interface busy */
uint64_t link_bad(void);
uint64_t link_dropped(void);

/* ---- timer.c ---- */

void timer_init(void);
void timer_run(void);                  /* what is due */
uint64_t timer_deadline(void);         /* when the next thing will be */
void timer_touch(struct tcp_pcb *pcb); /* pcb was used, other than by a frame that came */
void timer_catch_up(void);             /* before a connection begins to change its state */
extern unsigned timer_touched;
void timer_arp_sent(void);
void timer_fragment_came(void);

/* ---- work.c ---- */

bool work_is_ready(void); /* net_init was called, and succeeded */
int work_init(bool with_link);

/* ---- memory.c ---- */

uint64_t memory_used(void);
bool memory_is_plenty(void); /* enough to copy frames that come: the rest is for what is sent */
bool memory_is_there(void);  /* for one more buffer of a full segment, and some more */
void memory_init(void);
/* Bytes of the object at p from `at` on. */
size_t memory_room(const void *object, const void *at);

/* ---- random.c ---- */

void random_init(void);

#endif

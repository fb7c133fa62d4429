/* SPDX-License-Identifier: MIT */
/*
 * net.h: sockets: TCP and UDP over IPv4, and loopback.
 *
 * A *socket* is a small number with one owner (posix keeps open files over it).  No function waits for the network:
 * what cannot be done yet answers -EAGAIN, and net_event says when it is worth trying again.  A function may sleep only
 * where it moves the caller's memory.  Every error is a negative errno; outputs are written only on success.
 *
 *                 net_open
 *                    |  net_bind
 *       net_connect  v  net_listen
 *      +----------- OPEN -----------> LISTENING --- net_accept ---> a further socket, CONNECTED
 *      v
 *   CONNECTING ---> CONNECTED ---> (ended by the other side, reset, net_shutdown) --- net_close --->
 *
 * net_close gives the number back at once.  What was sent and is not acknowledged yet is still delivered, unless data
 * that came was never read: then the connection is reset (RFC 2525, section 2.17).
 */
#ifndef TOLL_NET_H
#define TOLL_NET_H

#include "env.h"
#include "sched.h"
#include <stdint.h>

#define NET_SOCKETS_MAX 2048u
#define NET_BACKLOG_MAX 1024u

enum net_kind { NET_STREAM, NET_DATAGRAM };

/* Both in the host's byte order; ip 0: any, port 0: any. */
struct net_address {
    uint32_t ip;
    uint16_t port;
};

/* Readiness, with the values of Linux's POLL*. */
enum net_bits {
    NET_READABLE = 0x1, /* net_receive or net_accept would not answer -EAGAIN */
    NET_WRITABLE = 0x4, /* net_send would take something */
    NET_ERROR = 0x8,    /* an error waits to be taken (NET_OPTION_ERROR, or by the next call) */
    NET_HANGUP = 0x10,  /* both directions have ended */
    NET_ENDED = 0x2000  /* the other side sends no more */
};

enum net_option {
    NET_OPTION_ERROR,      /* get: the error that waits, a positive errno, which is then gone; 0 */
    NET_OPTION_REUSE,      /* SO_REUSEADDR */
    NET_OPTION_NODELAY,    /* TCP_NODELAY */
    NET_OPTION_KEEPALIVE,  /* SO_KEEPALIVE */
    NET_OPTION_LINGER,     /* seconds + 1; 0: off.  1 (that is, no time): net_close resets the connection */
    NET_OPTION_BROADCAST,  /* SO_BROADCAST */
    NET_OPTION_SEND_BYTES, /* get: the size of the buffer */
    NET_OPTION_RECEIVE_BYTES,
    NET_OPTION_KIND,    /* get: enum net_kind */
    NET_OPTION_LISTENS, /* get: 1 after net_listen */
    NET_OPTION_UNREAD,  /* get: bytes that net_receive would give at once; of datagrams the first one's */
    NET_OPTIONS
};

enum net_flags {
    NET_PEEK = 1, /* what is received stays */
    NET_MORE = 2  /* more will be sent at once: a segment that is not full may wait for it */
};

/* Starts the network.  config: "ADDRESS/PREFIX[,GATEWAY]", or "dhcp"; NULL: loopback only, and no interface is looked
   for.  0, -EINVAL (config), -ENODEV, -EIO, -ENOMEM. */
int net_init(const char *config);

/* Everything that can be done now: frames that came, timers that ran out.  When there will be more to do without an
   interrupt (env_now_ns), SCHED_FOREVER if never.  Not to be called again from net_event. */
uint64_t net_work(void);

/* A thread that does net_work for ever, for homes with threads: sched_create(net_thread, NULL). */
void net_thread(void *unused);

/* Whether net_work has something to do; cheap.  Where the network is in another domain: false. */
bool net_pending(void);

int net_open(enum net_kind kind); /* -ENFILE -ENOMEM; -ENODEV: there is no network */
void net_close(int s);

/* -EADDRINUSE -EADDRNOTAVAIL (not an address of this machine), -EINVAL (bound already). */
int net_bind(int s, const struct net_address *at);
int net_listen(int s, unsigned backlog);         /* -EOPNOTSUPP -EADDRINUSE; a backlog may be changed by another call */
int net_accept(int s, struct net_address *peer); /* the new socket; -EAGAIN -EINVAL (does not listen), -ENFILE */

/* 0 for datagrams; -EINPROGRESS: NET_WRITABLE or NET_ERROR will tell; -EALREADY -EISCONN -ENETUNREACH -ECONNREFUSED
   -EADDRNOTAVAIL (no port is left).  For datagrams ip 0 and port 0 take the peer away. */
int net_connect(int s, const struct net_address *to);

/* Bytes moved; 0 at the end of a stream.  Of a datagram what does not fit is lost.  from may be NULL.
   -EAGAIN -ENOTCONN -ECONNRESET -ETIMEDOUT -EFAULT; -ENOBUFS: some 250 calls sleep over the same bytes already.  What
   was not moved is not lost with either. */
int64_t net_receive(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from);

/* Bytes taken, fewer than n if there is no room for more.  to: for datagrams without a peer, else NULL.
   -EAGAIN -ENOTCONN -EPIPE -ECONNRESET -EDESTADDRREQ -EMSGSIZE -ENETUNREACH -EFAULT; -ENOBUFS: there is no memory, and
   for streams none will come back either, because nobody's data is under way (else -EAGAIN, and net_event tells) */
int64_t net_send(int s, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to);

int net_shutdown(int s, bool receiving, bool sending);             /* -ENOTCONN; receiving: a listener ends */
int net_name(int s, bool peer, struct net_address *out);           /* -ENOTCONN */
int net_option_set(int s, enum net_option option, uint64_t value); /* -ENOPROTOOPT */
int64_t net_option_get(int s, enum net_option option);             /* -ENOPROTOOPT */

/* enum net_bits that hold now; no socket: NET_ERROR | NET_HANGUP. */
uint32_t net_ready(int s);

/* For tests and reports. */
struct net_books {
    uint64_t sockets;         /* open now */
    uint64_t connections;     /* of TCP that net knows, those that linger after net_close among them */
    uint64_t memory_bytes;    /* of packets and connections */
    uint64_t segments_resent; /* since net_init */
    uint64_t frames_bad;      /* malformed, or with a bad checksum */
    uint64_t frames;          /* page frames in use in the domain of this part */
    uint64_t frames_dropped;  /* came, and there was no memory or room for them, or were nobody's */
};
void net_books(struct net_books *out);

/* Needed from whoever uses sockets: net_ready(s) may have changed, other than by the user's own call.  Not in interrupt
   context; it may wake threads and must not call net. */
void net_event(int s);

/* The same, but in interrupt context too: frames came, and net_work has something to do.  True: a thread that sleeps
   for sockets was woken and does net_work first of all, in its own time; net_thread may sleep on.  False: there is
   none (or its home is another domain), so net_thread has to be woken.  Who calls net_work that way does not look at
   its answer: deadlines are net_thread's, which net wakes when they come nearer. */
bool net_user_wake(void);

/* Whether another thread than the one that runs sleeps for sockets, so that frames must interrupt who runs.  True where
   that is not known. */
bool net_user_sleeps(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * peer_net.h: what the files of the peer (peer.h) share.  All of it belongs to the peer's thread.
 */
#ifndef TOLL_PEER_NET_H
#define TOLL_PEER_NET_H

#include "peer.h"

#define PEER_FRAME_MAX 1514u
#define PEER_PORT_FIRST 30000u /* of the first connection of a job, here */
#define PEER_PORT_STEP 10000u  /* and how far it is to the next job's; after PEER_PORT_JOBS of them from the start */
#define PEER_PORT_JOBS 3u
#define PEER_GUEST 0x0a00020fu /* 10.0.2.15 */
#define PEER_SELF 0x0a000202u

#define PEER_UDP 17
#define PEER_TCP 6

enum peer_state { PEER_WAITING, PEER_RESOLVING, PEER_OPENING, PEER_STEPPING, PEER_RUNNING, PEER_OVER };
enum flow_state { FLOW_CLOSED, FLOW_OPENING, FLOW_OPEN, FLOW_OVER };

/* One connection; names as in RFC 9293, section 3.3.1. */
struct peer_flow {
    enum flow_state state;
    uint16_t port;
    uint16_t mss;
    uint32_t snd_una, snd_nxt, snd_wnd, rcv_nxt;
    bool fin, fin_sent;
    unsigned unacknowledged; /* segments with data since an acknowledgement left */
    struct client_bytes out; /* from snd_una on */
    struct client_flow client;
};

struct peer_segment {
    uint16_t from, to;
    uint32_t seq, ack;
    unsigned flags, window;
    uint16_t mss; /* 0: not said */
    const unsigned char *data;
    unsigned bytes;
};

struct peer_net {
    const struct config_clients *load;
    struct client client;
    enum peer_state state;
    unsigned char guest[6];
    uint16_t port;       /* the server's */
    uint16_t port_first; /* of the first flow */
    struct peer_flow *flows;
    unsigned opened;
    bool steps;                   /* the server has no marks: windows begin and end by steps (peer_steps.c) */
    unsigned step;                /* the last that is to be told, of wire.h; 0: none */
    bool step_told;               /* ... and was */
    uint64_t warm, total;         /* requests before the window, and with those in it */
    struct client_bytes to_guest; /* frames with their lengths, until the socket takes them */
    size_t released;              /* bytes of these that may go */
    struct peer_books books;
    char problem[CLIENT_ERROR_BYTES];
};

/* ---- peer_frame.c: what leaves and what comes ---- */

void peer_frame_arp(struct peer_net *net, unsigned operation);
void peer_frame_udp(struct peer_net *net, uint16_t from, uint16_t to, const void *data, unsigned n);
/* to is the server's port; ack is sent if flags say so. */
void peer_frame_tcp(struct peer_net *net, const struct peer_segment *segment);
/* A frame came. */
void peer_frame_take(struct peer_net *net, const unsigned char *frame, unsigned n);

/* ---- peer_tcp.c ---- */

void peer_tcp_open(struct peer_net *net, struct peer_flow *flow);
void peer_tcp_take(struct peer_net *net, const struct peer_segment *segment);
/* Sends what flow->out has and the window allows. */
bool peer_tcp_push(struct peer_net *net, struct peer_flow *flow);
/* Something was lost: once more, from what was not acknowledged. */
void peer_tcp_again(struct peer_net *net, struct peer_flow *flow);

/* ---- peer_flow.c: the clients ---- */

/* The guest listens at this port. */
void peer_begin(struct peer_net *net, uint16_t port);
void peer_resolved(struct peer_net *net);
void peer_flow_opened(struct peer_net *net);
/* Data came; answers the requests that come next by adding them to flow->out. */
void peer_flow_take(struct peer_net *net, struct peer_flow *flow, const void *data, unsigned n);
void peer_datagram_take(struct peer_net *net, uint16_t port, const void *data, unsigned n);
/* Every connection asks, if all that it asked before was answered. */
void peer_run(struct peer_net *net);
void peer_again(struct peer_net *net);
/* Whether all was said and heard. */
bool peer_is_done(const struct peer_net *net);
void peer_flows_free(struct peer_net *net);
struct peer_flow *peer_flow_find(struct peer_net *net, uint16_t port);

/* ---- peer_steps.c ---- */

/* All connections are open, and nothing was asked yet. */
void peer_step_before(struct peer_net *net);
/* Nothing is under way on a connection, and nothing more is to be asked for now: tells the next step if that holds for
   all.  True if there are steps to come, so that the connection stays. */
bool peer_step_after(struct peer_net *net);
/* The answer to a step. */
void peer_step_take(struct peer_net *net, unsigned step);
/* The guest is idle: tells the step that is to be told. */
void peer_step_idle(struct peer_net *net);

void peer_fail(struct peer_net *net, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

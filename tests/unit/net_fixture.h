/* SPDX-License-Identifier: MIT */
/* net_fixture.h: the network with the test as everybody else on the wire: frames are made and taken apart by hand. */
#ifndef TOLL_NET_FIXTURE_H
#define TOLL_NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "host.h"
#include "net.h"
#include "nic.h"
#include "sched.h"

#define HOME 0x0a00020fu /* 10.0.2.15 */
#define PEER 0x0a000202u /* 10.0.2.2, the gateway */
#define LOCAL 0x7f000001u
#define MS UINT64_C(1000000)
#define S (1000 * MS)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* A segment or datagram, from whichever side. */
struct packet {
    uint8_t protocol, flags;
    uint16_t from_port, to_port, window;
    uint32_t from_ip, to_ip, sequence, acknowledged;
    uint32_t mss, scale; /* options; 0: not there */
    uint32_t bytes;
    uint8_t data[1500];
};

int fixture_setup(void **state);   /* of all tests: starts the network */
int fixture_cleanup(void **state); /* after each: nothing may be left */
void fixture_clock(uint64_t ns);   /* time passes */
void fixture_run(uint64_t for_ns); /* the same, with net_work whenever it wanted it */

/* Frames that went out, as they were sent; the oldest first. */
bool wire_take(struct packet *out);               /* the next one that is IPv4, with its checksums looked at */
unsigned wire_arps(void);                         /* requests and answers since last asked */
void wire_none(void);                             /* nothing else went out */
unsigned wire_count(void);                        /* that are waiting to be taken */
void wire_answers(bool yes);                      /* the peer answers ARP; as it does in the beginning */
void wire_frame(const void *frame, size_t bytes); /* comes */
void wire_send(const struct packet *p);           /* the same for a packet, then net_work */
size_t wire_make(const struct packet *p, uint8_t *frame);

/* A connection of the peer to a listening port, up to its being accepted. */
struct peer {
    struct packet last;  /* from the network */
    uint32_t next, came; /* sequence numbers: ours, and what we acknowledge */
    uint16_t port, to;
    uint16_t window;
};
void peer_open(struct peer *p, uint16_t from, uint16_t to);
void peer_segment(struct peer *p, unsigned flags, const void *data, uint32_t bytes);
bool peer_take(struct peer *p); /* the next segment, whose data is acknowledged with what is sent next */

uint64_t events_of(int s); /* since last asked */
int socket_listening(uint16_t port, unsigned backlog);
#endif

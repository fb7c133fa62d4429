/* SPDX-License-Identifier: MIT */
/* fuzz_net_wire.h: what the files of the fuzz target of the network share: its script, frames, and TCP's other end. */
#ifndef TOLL_FUZZ_NET_WIRE_H
#define TOLL_FUZZ_NET_WIRE_H

#include "fuzz_net.h"
#include <stdbool.h>

#define HOME 0x0a00020fu
#define PEER 0x0a000202u
#define FRAME_MAX 1514u

void promise(bool held, const char *what); /* aborts */
unsigned take(void);                       /* the script's next byte; 0 where it has ended */
void put(uint8_t *to, uint32_t value, unsigned bytes);
uint32_t get(const uint8_t *from, unsigned bytes);
uint16_t sum(const uint8_t *data, size_t bytes, uint32_t s);

uint8_t *ip_begin(uint8_t *frame, unsigned protocol);         /* of FRAME_MAX bytes: where the data goes */
size_t ip_end(uint8_t *frame, size_t bytes, unsigned sum_at); /* lengths and checksums; the frame's bytes */
void deliver(const uint8_t *frame, size_t bytes);             /* it comes, and what it makes to do is done */

/* ---- fuzz_net_tcp.c ---- */

void conversations_begin(void);
void conversation_follow(const uint8_t *ip); /* a segment that was sent */
extern bool segments_sound;                  /* none was damaged: bytes of a stream go up by one */
void step_segment(void);
void step_damaged(void);
void step_edge(void);
void step_order(void);
void step_fill(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * fuzz_net_tcp.c: the other end of four conversations of TCP.  It knows what was said last in each, and so what comes
 * next, and where the window that it was offered ends.  Each byte of its streams tells its place: the lowest eight bits
 * of its sequence number.
 */
#include "fuzz_net_wire.h"
#include <string.h>

#define CONVERSATIONS 4u
#define HEADER 20u
#define FILL_SEGMENTS 48u
#define FILL_BYTES 1460u

enum { FIN = 1, SYN = 2, ACK = 16 };

static struct conversation {
    uint16_t home_port, peer_port;
    uint32_t sequence, acknowledged; /* of the next segment that comes */
    uint32_t edge;                   /* where the window that was offered ends */
    unsigned scale;                  /* of windows that are offered */
} conversations[CONVERSATIONS];
bool segments_sound;

void conversations_begin(void)
{
    for (unsigned i = 0; i < CONVERSATIONS; i++)
        conversations[i] = (struct conversation){80, (uint16_t)(1000 + i), 0xffffff00u * i, 0, 0, 0};
    segments_sound = true;
}

static bool scale_offered(const uint8_t *t)
{
    const uint8_t *at = t + HEADER, *end = t + 4u * (t[12] >> 4);
    while (at < end && *at && *at != 3)
        at += *at == 1 ? 1 : at[1];
    return at < end && *at == 3;
}

static struct conversation *conversation_of(uint16_t peer_port)
{
    struct conversation *c = conversations;
    while (c < conversations + CONVERSATIONS && c->peer_port != peer_port)
        c++;
    if (c == conversations + CONVERSATIONS) {
        c = conversations + peer_port % CONVERSATIONS;
        c->peer_port = peer_port;
    }
    return c;
}

/* Also one that the program begins, to ports from 2000 on. */
void conversation_follow(const uint8_t *ip)
{
    const uint8_t *t = ip + 20;
    struct conversation *c = conversation_of((uint16_t)get(t + 2, 2));
    c->home_port = (uint16_t)get(t, 2);
    c->acknowledged = get(t + 4, 4) + get(ip + 2, 2) - 20 - 4u * (t[12] >> 4) + (t[13] & (FIN | SYN) ? 1 : 0);
    if (t[13] & SYN)
        c->scale = scale_offered(t);
    if (!(t[13] & ACK))
        return;
    c->sequence = get(t + 8, 4);
    c->edge = c->sequence + (get(t + 14, 2) << (t[13] & SYN ? 0 : c->scale));
}

/* Small numbers are small differences, the highest ones large. */
static uint32_t about(unsigned byte)
{
    static const uint32_t far[] = {0x7fffffff, 0x80000000, 65535, 65536, 1460, 0xffff0000, 32768, 16777216};
    return byte < 128   ? 0
           : byte < 192 ? (uint32_t)byte - 160
           : byte < 248 ? (uint32_t)(byte - 220) * 1460
                        : far[byte - 248];
}

/* Options as a connection begins with; or such as only then mean anything, or do not mean anything here. */
static unsigned options_put(uint8_t *to, unsigned flags, unsigned window)
{
    static const uint8_t begin[] = {2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 1, 1},
                         late[4][12] = {{2, 4, 0, 10, 1, 3, 3, 14, 4, 2, 1, 1},
                                        {5, 10, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1},
                                        {2, 4, 0, 0, 2, 4, 0xff, 0xff, 3, 3, 0, 0},
                                        {8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 3, 0}};
    const uint8_t *options = window & 0x80 ? late[window >> 3 & 3] : begin;
    if (!(flags & SYN) && !(window & 0x80))
        return 0;
    memcpy(to, options, sizeof begin);
    return sizeof begin;
}

/* A segment of bytes from sequence on. */
static size_t segment_put(uint8_t *frame, const struct conversation *c, unsigned flags, uint32_t sequence,
                          uint32_t acknowledged, unsigned window, unsigned *bytes)
{
    static const uint16_t windows[] = {65535, 0, 1, 100, 1460, 4096, 40000, 2};
    uint8_t *t = ip_begin(frame, 6);
    unsigned header = HEADER + options_put(t + HEADER, flags, window);
    put(t, c->peer_port, 2);
    put(t + 2, c->home_port, 2);
    put(t + 4, sequence, 4);
    put(t + 8, acknowledged, 4);
    put(t + 14, windows[window % 8], 2);
    if (window & 0x40)
        header = HEADER + window % 40 / 4 * 4;
    t[12] = (uint8_t)(header / 4 << 4);
    t[13] = (uint8_t)flags;
    if (header + *bytes > FRAME_MAX - 34)
        *bytes = FRAME_MAX - 34 - header;
    for (unsigned i = 0; i < *bytes; i++)
        t[header + i] = (uint8_t)(sequence + i);
    return ip_end(frame, header + *bytes, 16);
}

static size_t segment_make(uint8_t *frame)
{
    struct conversation *c = &conversations[take() % CONVERSATIONS];
    unsigned flags = take(), sequence = take(), acknowledged = take(), window = take(), bytes = take() * 6;
    size_t all = segment_put(frame, c, flags, c->sequence + about(sequence), c->acknowledged + about(acknowledged),
                             window, &bytes);
    if (about(sequence) == 0)
        c->sequence += bytes + (flags & (FIN | SYN) ? 1 : 0);
    return all;
}

void step_segment(void)
{
    uint8_t frame[FRAME_MAX];
    size_t bytes = segment_make(frame);
    deliver(frame, bytes);
}

void step_damaged(void)
{
    uint8_t frame[FRAME_MAX];
    unsigned place = take(), value = take();
    size_t bytes = segment_make(frame);
    segments_sound = false;
    frame[14 + place % 60] ^= (uint8_t)value;
    if (value & 1) /* the checksum is right all the same */
        bytes = ip_end(frame, bytes - 34, value & 2 ? 16 : 0);
    if (value & 4)
        bytes -= bytes > 40 ? place % 20 : 0;
    deliver(frame, bytes);
}

static void segment_at(const struct conversation *c, unsigned flags, uint32_t sequence, unsigned bytes)
{
    uint8_t frame[FRAME_MAX];
    size_t all = segment_put(frame, c, flags, sequence, c->acknowledged, 0, &bytes);
    deliver(frame, all);
}

void step_edge(void)
{
    const struct conversation *c = &conversations[take() % CONVERSATIONS];
    unsigned flags = take(), end = take(), bytes = take() * 6;
    bytes = bytes < FILL_BYTES ? bytes : FILL_BYTES;
    segment_at(c, flags, c->edge + end - 128 - bytes, bytes);
}

void step_order(void)
{
    const struct conversation *c = &conversations[take() % CONVERSATIONS];
    unsigned flags = take(), start = take(), bytes = take();
    segment_at(c, flags, c->sequence + start, bytes);
}

void step_fill(void)
{
    struct conversation *c = &conversations[take() % CONVERSATIONS];
    uint32_t end = c->edge - take();
    for (unsigned i = 0; i < FILL_SEGMENTS && (int32_t)(end - c->sequence) > 0; i++) {
        uint32_t left = end - c->sequence, bytes = left < FILL_BYTES ? left : FILL_BYTES;
        uint32_t sequence = c->sequence;
        c->sequence += bytes;
        segment_at(c, ACK, sequence, bytes);
    }
}

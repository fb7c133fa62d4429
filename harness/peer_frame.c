/* SPDX-License-Identifier: MIT */
/*
 * peer_frame.c: frames of the peer: Ethernet, ARP (RFC 826), IPv4 without options and fragments (RFC 791), UDP (RFC
 * 768) and TCP's segments (RFC 9293, section 3.1).  Checksums of what comes are looked at: a guest must not get away
 * with wrong ones.
 */
#include "peer_net.h"

#include "wire.h"
#include <string.h>

#define ETHERNET_BYTES 14u
#define IP_BYTES 20u
#define UDP_BYTES 8u
#define TCP_BYTES 20u
#define ARP_BYTES 28u
#define MSS_OPTION_BYTES 4u
#define WINDOW 65535u
#define TTL 64

static const unsigned char self_address[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void put32(unsigned char *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static unsigned get16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* RFC 1071; the complement of the sum is what is sent. */
static uint32_t sum_add(uint32_t sum, const unsigned char *at, unsigned n)
{
    for (unsigned i = 0; i + 1 < n; i += 2)
        sum += get16(at + i);
    if (n % 2)
        sum += (unsigned)at[n - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static uint32_t sum_transport(unsigned protocol, const unsigned char *at, unsigned n)
{
    unsigned char pseudo[12];

    put32(pseudo, PEER_SELF);
    put32(pseudo + 4, PEER_GUEST);
    put16(pseudo + 8, protocol);
    put16(pseudo + 10, n);
    return sum_add(sum_add(0, pseudo, sizeof(pseudo)), at, n);
}

/* A frame of n bytes with its Ethernet header, and the length that QEMU wants before it. */
static unsigned char *frame_new(struct peer_net *net, unsigned type, unsigned n)
{
    unsigned char *at = client_bytes_add(&net->to_guest, 4 + ETHERNET_BYTES + n);

    put32(at, ETHERNET_BYTES + n);
    memcpy(at + 4, net->guest, 6);
    memcpy(at + 10, self_address, 6);
    put16(at + 16, type);
    memset(at + 4 + ETHERNET_BYTES, 0, n);
    net->books.frames_to++;
    return at + 4 + ETHERNET_BYTES;
}

static unsigned char *ip_new(struct peer_net *net, unsigned protocol, unsigned n)
{
    unsigned char *at = frame_new(net, 0x0800, IP_BYTES + n);

    at[0] = 0x45;
    put16(at + 2, IP_BYTES + n);
    at[6] = 0x40; /* not to be fragmented */
    at[8] = TTL;
    at[9] = (unsigned char)protocol;
    put32(at + 12, PEER_SELF);
    put32(at + 16, PEER_GUEST);
    put16(at + 10, ~sum_add(0, at, IP_BYTES) & 0xffff);
    return at + IP_BYTES;
}

void peer_frame_arp(struct peer_net *net, unsigned operation)
{
    unsigned char *at = frame_new(net, 0x0806, ARP_BYTES);

    put16(at, 1);
    put16(at + 2, 0x0800);
    at[4] = 6;
    at[5] = 4;
    put16(at + 6, operation);
    memcpy(at + 8, self_address, 6);
    put32(at + 14, PEER_SELF);
    if (operation == 2)
        memcpy(at + 18, net->guest, 6);
    put32(at + 24, PEER_GUEST);
}

void peer_frame_udp(struct peer_net *net, uint16_t from, uint16_t to, const void *data, unsigned n)
{
    unsigned char *at = ip_new(net, PEER_UDP, UDP_BYTES + n);
    unsigned sum;

    put16(at, from);
    put16(at + 2, to);
    put16(at + 4, UDP_BYTES + n);
    memcpy(at + UDP_BYTES, data, n);
    sum = ~sum_transport(PEER_UDP, at, UDP_BYTES + n) & 0xffff;
    put16(at + 6, sum ? sum : 0xffff);
}

void peer_frame_tcp(struct peer_net *net, const struct peer_segment *s)
{
    unsigned head = TCP_BYTES + (s->mss ? MSS_OPTION_BYTES : 0);
    unsigned char *at = ip_new(net, PEER_TCP, head + s->bytes);

    put16(at, s->from);
    put16(at + 2, s->to);
    put32(at + 4, s->seq);
    put32(at + 8, s->ack);
    at[12] = (unsigned char)(head / 4 << 4);
    at[13] = (unsigned char)s->flags;
    put16(at + 14, WINDOW);
    if (s->mss) {
        at[TCP_BYTES] = 2;
        at[TCP_BYTES + 1] = MSS_OPTION_BYTES;
        put16(at + TCP_BYTES + 2, s->mss);
    }
    if (s->bytes)
        memcpy(at + head, s->data, s->bytes);
    put16(at + 16, ~sum_transport(PEER_TCP, at, head + s->bytes) & 0xffff);
}

static void arp_take(struct peer_net *net, const unsigned char *at, unsigned n)
{
    if (n < ARP_BYTES || get32(at + 14) != PEER_GUEST || get32(at + 24) != PEER_SELF)
        return;
    memcpy(net->guest, at + 8, 6);
    if (get16(at + 6) == 1)
        peer_frame_arp(net, 2);
    if (net->state == PEER_RESOLVING && get16(at + 6) == 2)
        peer_resolved(net);
}

static uint16_t option_mss(const unsigned char *at, unsigned n)
{
    for (unsigned i = 0; i + 1 < n && at[i] != 0; i += at[i] == 1 ? 1u : at[i + 1] ? at[i + 1] : n) {
        if (at[i] == 2 && i + MSS_OPTION_BYTES <= n)
            return (uint16_t)get16(at + i + 2);
    }
    return 0;
}

static void tcp_take(struct peer_net *net, const unsigned char *at, unsigned n)
{
    unsigned head = n < TCP_BYTES ? 0 : (unsigned)(at[12] >> 4) * 4;
    struct peer_segment s;

    if (head < TCP_BYTES || head > n || sum_transport(PEER_TCP, at, n) != 0xffff) {
        peer_fail(net, "the guest sent a TCP segment of %u bytes with a wrong length or checksum", n);
        return;
    }
    s = (struct peer_segment){.from = (uint16_t)get16(at),
                              .to = (uint16_t)get16(at + 2),
                              .seq = get32(at + 4),
                              .ack = get32(at + 8),
                              .flags = at[13],
                              .window = get16(at + 14),
                              .mss = option_mss(at + TCP_BYTES, head - TCP_BYTES),
                              .data = at + head,
                              .bytes = n - head};
    peer_tcp_take(net, &s);
}

static void udp_take(struct peer_net *net, const unsigned char *at, unsigned n)
{
    unsigned bytes = n < UDP_BYTES ? 0 : get16(at + 4);

    if (bytes < UDP_BYTES || bytes > n || (get16(at + 6) && sum_transport(PEER_UDP, at, bytes) != 0xffff)) {
        peer_fail(net, "the guest sent a datagram of %u bytes with a wrong length or checksum", n);
        return;
    }
    if (net->steps && get16(at) == WIRE_STEP_PORT && bytes == UDP_BYTES + 1)
        peer_step_take(net, at[UDP_BYTES]);
    else if (net->load->udp && get16(at) == net->port)
        peer_datagram_take(net, (uint16_t)get16(at + 2), at + UDP_BYTES, bytes - UDP_BYTES);
}

/* Other protocols, addresses and fragments are not meant for a client. */
static void ip_take(struct peer_net *net, const unsigned char *at, unsigned n)
{
    unsigned total = n < IP_BYTES ? 0 : get16(at + 2), head = n < IP_BYTES ? 0 : (at[0] & 15u) * 4;

    if (head < IP_BYTES || total < head || total > n || get32(at + 16) != PEER_SELF || get32(at + 12) != PEER_GUEST ||
        get16(at + 6) & 0x3fff)
        return;
    if (sum_add(0, at, head) != 0xffff)
        peer_fail(net, "the guest sent a packet with a wrong checksum of its header");
    else if (at[9] == PEER_TCP && !net->load->udp)
        tcp_take(net, at + head, total - head);
    else if (at[9] == PEER_UDP && (net->load->udp || net->steps))
        udp_take(net, at + head, total - head);
}

void peer_frame_take(struct peer_net *net, const unsigned char *frame, unsigned n)
{
    net->books.frames_from++;
    if (n < ETHERNET_BYTES || net->state == PEER_OVER)
        return;
    if (get16(frame + 12) == 0x0806)
        arp_take(net, frame + ETHERNET_BYTES, n - ETHERNET_BYTES);
    else if (get16(frame + 12) == 0x0800)
        ip_take(net, frame + ETHERNET_BYTES, n - ETHERNET_BYTES);
}

/* SPDX-License-Identifier: MIT */
/*
 * fuzz_net.c: whatever comes on the wire and whatever the program does, the network goes on and gives everything back,
 * and what the program receives of a stream is what was sent of it.  The input is a script (fuzz_net.h); the wire's
 * other end keeps four conversations in mind (fuzz_net_tcp.c), so that much of what comes belongs to one.  fuzz_frames
 * drives it with libFuzzer, fuzz_net_main.c without.
 */
#include "base/errno.h"
#include "fuzz_net_wire.h"
#include "host.h"
#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/priv/tcp_priv.h"
#include "net.h"
#include "net_part.h"
#include "nic.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKETS 8u
#define BUFFER 4096u
#define WORKS_MAX 64u
#define KEPT_MAX 65536u /* of memory that net keeps to use again: what describes frames under way */

unsigned long fuzz_net_opened, fuzz_net_received, fuzz_net_frames;

static const uint8_t *at, *end;
static int sockets[SOCKETS];
static int stream_next[SOCKETS]; /* the next byte that will be received of it; negative: any */
static uint64_t memory_kept;
static unsigned claims_kept;
static uint32_t dhcp_transaction;    /* of the last message to a server */
static size_t cut_first, cut_others; /* the next packet comes in pieces of so many bytes; 0: it does not */
static uint16_t cut_number;          /* of packets: that of the next one */
static uint8_t buffer[BUFFER];

void promise(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_net: %s\n", what);
    abort();
}

void net_event(int s)
{
    promise(s >= 0 && (unsigned)s < NET_SOCKETS_MAX, "an event of no socket");
}

bool net_user_wake(void)
{
    return false;
}

bool net_user_sleeps(void)
{
    return true;
}

void env_idle(void)
{
}

unsigned take(void)
{
    return at < end ? *at++ : 0;
}

void put(uint8_t *to, uint32_t value, unsigned bytes)
{
    while (bytes--)
        *to++ = (uint8_t)(value >> 8 * bytes);
}

uint32_t get(const uint8_t *from, unsigned bytes)
{
    uint32_t value = 0;
    while (bytes--)
        value = value << 8 | *from++;
    return value;
}

uint16_t sum(const uint8_t *data, size_t bytes, uint32_t s)
{
    for (size_t i = 0; i < bytes; i += 2)
        s += (uint32_t)data[i] << 8 | (i + 1 < bytes ? data[i + 1] : 0);
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static void on_sent(const void *frame, size_t bytes)
{
    const uint8_t *ip = (const uint8_t *)frame + 14, *t = ip + 20;
    promise(bytes >= 14 && bytes <= FRAME_MAX, "a frame of no size");
    if (bytes < 54 || get(ip - 2, 2) != 0x0800 || get(ip + 6, 2) & 0x1fff)
        return;
    if (ip[9] == 17 && get(t + 2, 2) == 67)
        dhcp_transaction = get(t + 12, 4);
    if (ip[9] != 6)
        return;
    promise(get(ip + 2, 2) + 14 == bytes && sum(ip, 20, 0) == 0, "a packet with a bad header");
    conversation_follow(ip);
}

/* Everything that can be done now. */
static void work(void)
{
    for (unsigned i = 0; i < WORKS_MAX && net_pending(); i++)
        net_work();
}

static void frame_comes(const uint8_t *frame, size_t bytes)
{
    fuzz_net_frames++;
    host_nic_deliver(frame, bytes);
    work();
}

/* A packet in pieces, each a frame. */
static void pieces_come(const uint8_t *frame, size_t bytes, size_t first, size_t others)
{
    uint8_t part[FRAME_MAX];
    size_t all = bytes - 34;
    memcpy(part, frame, 34);
    put(part + 18, cut_number++, 2);
    for (size_t done = 0, n; done < all; done += n) {
        size_t piece = done ? others : first;
        n = all - done < piece ? all - done : piece;
        put(part + 20, (uint32_t)(done / 8 | (done + n < all ? 0x2000 : 0)), 2);
        memcpy(part + 34, frame + 34 + done, n);
        frame_comes(part, ip_end(part, n, 0));
    }
}

void deliver(const uint8_t *frame, size_t bytes)
{
    size_t first = cut_first;
    cut_first = 0;
    if (!first || bytes <= 34 + first || get(frame + 12, 2) != 0x0800 || frame[14] != 0x45 ||
        get(frame + 20, 2) & 0x3fff)
        frame_comes(frame, bytes);
    else
        pieces_come(frame, bytes, first, cut_others);
}

uint8_t *ip_begin(uint8_t *frame, unsigned protocol)
{
    static const uint8_t link[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x52, 0x55, 10, 0, 2, 2, 8, 0};
    memset(frame, 0, FRAME_MAX);
    memcpy(frame, link, sizeof link);
    frame[14] = 0x45;
    frame[22] = 64;
    frame[23] = (uint8_t)protocol;
    put(frame + 26, PEER, 4);
    put(frame + 30, HOME, 4);
    return frame + 34;
}

/* Lengths and checksums; the frame's bytes. */
size_t ip_end(uint8_t *frame, size_t bytes, unsigned sum_at)
{
    uint8_t *ip = frame + 14;
    put(ip + 2, (uint32_t)(20 + bytes), 2);
    put(ip + 10, 0, 2);
    put(ip + 10, sum(ip, 20, 0), 2);
    if (sum_at && !(get(ip + 6, 2) & 0x3fff)) {
        uint32_t start = ip[9] == 1 ? 0
                                    : get(ip + 12, 2) + get(ip + 14, 2) + get(ip + 16, 2) + get(ip + 18, 2) + ip[9] +
                                          (uint32_t)bytes;
        put(ip + 20 + sum_at, 0, 2);
        put(ip + 20 + sum_at, sum(ip + 20, bytes, start), 2);
    }
    return 34 + bytes;
}

static void step_datagram(void)
{
    uint8_t frame[FRAME_MAX], *t = ip_begin(frame, 17);
    unsigned port = take(), bytes = take() * 6, fragment = take();
    if (bytes > FRAME_MAX - 42)
        bytes = FRAME_MAX - 42;
    put(t, 3000, 2);
    put(t + 2, 6000 + port % 4, 2);
    put(t + 4, 8 + bytes, 2);
    if (fragment & 1) { /* one of several pieces of one of four datagrams */
        put(frame + 18, fragment >> 1 & 3, 2);
        put(frame + 20, (fragment & 8 ? 0x2000 : 0) | (fragment >> 4) * (bytes + 8) / 8, 2);
        if (fragment & 8)
            bytes = bytes / 8 * 8;
    }
    deliver(frame, ip_end(frame, 8 + bytes, fragment & 1 ? 0 : 6));
}

static void step_raw(void)
{
    uint8_t frame[FRAME_MAX];
    unsigned low = take(), bytes = (take() << 8 | low) % FRAME_MAX;
    segments_sound = false;
    ip_begin(frame, 6);
    for (unsigned i = low & 1 ? 0 : 12; i < bytes && at < end; i++)
        frame[i] = (uint8_t)take();
    deliver(frame, bytes);
}

static void arp(unsigned kind, unsigned who)
{
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0};
    uint8_t frame[FRAME_MAX];
    ip_begin(frame, 0);
    put(frame + 12, 0x0806, 2);
    memset(frame + 14, 0, 46);
    memcpy(frame + 14, head, sizeof head);
    frame[21] = (uint8_t)kind;
    memcpy(frame + 22, frame + 6, 6);
    put(frame + 28, 0x0a000200 + who % 16, 4);
    put(frame + 38, who & 128 ? PEER : HOME, 4);
    deliver(frame, kind & 128 ? 14 + kind % 46 : 60);
}

static void step_arp(void)
{
    unsigned kind = take(), who = take();
    arp(kind, who);
}

static void step_icmp(void)
{
    uint8_t frame[FRAME_MAX], *t = ip_begin(frame, 1);
    unsigned type = take(), bytes = 8 + take() * 4;
    t[0] = (uint8_t)type;
    deliver(frame, ip_end(frame, bytes, 2));
}

static void step_fragment(void)
{
    static const uint8_t protocols[] = {6, 17, 1, 17};
    unsigned protocol = protocols[take() % 4], number = take(), offset = take(), bytes = take() * 6;
    uint8_t frame[FRAME_MAX], *t = ip_begin(frame, protocol);
    segments_sound &= protocol != 6;
    bytes = bytes < FRAME_MAX - 34 ? bytes : FRAME_MAX - 34;
    put(frame + 18, number % 4, 2);
    put(frame + 20, (offset & 128 ? 0x2000 : 0) | (number & 128 ? 8191 - (offset & 127) : offset & 127), 2);
    if ((offset & 127) == 0 && !(number & 128)) { /* the first: with a header */
        put(t, protocol == 1 ? 0x0800 : 3000, 2);
        put(t + 2, protocol == 6 ? 80 : 6000, 2);
        put(t + 4, protocol == 17 ? number * 8 : 1, 2);
        t[12] = 0x50;
        t[13] = 2;
    }
    deliver(frame, ip_end(frame, bytes, 0));
}

static uint8_t *option_add(uint8_t *to, unsigned code, uint32_t value, unsigned bytes)
{
    *to++ = (uint8_t)code;
    *to++ = (uint8_t)bytes;
    put(to, value, bytes);
    return to + bytes;
}

/* RFC 2131, section 2; the options of RFC 2132. */
static void step_dhcp(void)
{
    static const uint32_t addresses[] = {HOME, HOME + 1, 0, 0xffffffff, 0x7f000001, 0xe0000001, 0x0a0002ff, PEER};
    static const uint32_t seconds[] = {3600, 0, 1, 59, 60, 0xffffffff, 0x80000000, 7200};
    uint8_t frame[FRAME_MAX], *b = ip_begin(frame, 17) + 8, *o = b + 240;
    unsigned kind = take(), options = take(), times = take(), value = take();
    if (!netif_dhcp_data(&link_netif)) {
        netif_set_addr(&link_netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
        promise(dhcp_start(&link_netif) == ERR_OK, "no memory for a lease");
        work();
    }
    put(frame + 30, options & 128 ? 0xffffffff : HOME, 4);
    put(b - 8, 67 << 16 | 68, 4);
    b[0] = options & 64 ? value : 2;
    b[1] = 1;
    b[2] = 6;
    put(b + 4, dhcp_transaction + (kind & 128 ? 1 : 0), 4);
    put(b + 16, addresses[value % 8], 4);
    memcpy(b + 28, frame, 6);
    put(b + 236, 0x63825363, 4);
    o = option_add(o, 53, kind % 8, options & 32 ? value % 3 : 1);
    if (!(options & 1))
        o = option_add(o, 54, PEER, 4);
    if (!(options & 2))
        o = option_add(o, 51, seconds[times % 8], 4);
    if (options & 4)
        o = option_add(o, 58, seconds[times / 8 % 8], 4);
    if (options & 8)
        o = option_add(o, 59, seconds[times / 32], 4);
    o = option_add(o, 1, value & 16 ? 0xffffff00 : value, 4);
    o = option_add(o, 3, addresses[value / 16 % 8], value & 8 ? 4 : value % 4);
    if (options & 16)
        o = option_add(o, 52, value / 8, 1); /* further options in the fields for names */
    for (unsigned i = kind >> 3 & 7; i; i--)
        *o++ = (uint8_t)take();
    *o++ = kind & 64 ? (uint8_t)value : 255;
    o += kind & 64; /* padding */
    put(b - 4, (uint32_t)(o - b) + 8, 2);
    deliver(frame, ip_end(frame, (size_t)(o - b) + 8, 6));
}

static void step_time(void)
{
    uint64_t until = env_now_ns() + (UINT64_C(1) << take() % 36);
    for (unsigned i = 0; i < WORKS_MAX; i++) {
        uint64_t due = net_work();
        if (due >= until)
            break;
        host_env_clock_set(due);
    }
    host_env_clock_set(until);
    net_work();
}

static void keep(int s)
{
    for (unsigned i = 0; i < SOCKETS; i++) {
        if (sockets[i] < 0) {
            sockets[i] = s;
            stream_next[i] = -1;
            return;
        }
    }
    net_close(s);
}

/* What was received goes on where it ended. */
static void stream_check(unsigned which, const struct net_address *from, int64_t n, bool taken)
{
    if (!segments_sound || n <= 0 || from->ip != PEER || net_option_get(sockets[which], NET_OPTION_KIND) != NET_STREAM)
        return;
    promise(stream_next[which] < 0 || buffer[0] == stream_next[which], "a stream goes on elsewhere");
    for (int64_t i = 0; i < n; i++)
        promise(buffer[i] == (uint8_t)(buffer[0] + i), "a stream has a gap");
    if (taken)
        stream_next[which] = (uint8_t)(buffer[0] + n);
}

static void step_call(void)
{
    unsigned which = take() % SOCKETS, call = take(), value = take();
    struct net_address peer = {value & 1   ? PEER
                               : value & 2 ? HOME
                                           : 0x7f000001,
                               (uint16_t)(2000 + value % 8)},
                       any = {0, (uint16_t)(value % 4 ? 6000 + value % 4 : 0)};
    int s = sockets[which];
    int64_t n;
    switch (call % 13) {
    case 0:
    case 1:
        n = net_receive(s, (uaddr_t)buffer, value * 16, value & 1 ? NET_PEEK : 0, &peer);
        fuzz_net_received += n > 0 ? (unsigned long)n : 0;
        stream_check(which, &peer, n, !(value & 1));
        break;
    case 2:
        net_send(s, (uaddr_t)buffer, value * 16, value & 1 ? NET_MORE : 0, call & 16 ? &peer : NULL);
        break;
    case 3:
        net_send(s, (uaddr_t)buffer, value, 0, NULL);
        break;
    case 4:
        n = net_accept(s, &peer);
        if (n >= 0) {
            fuzz_net_opened++;
            keep((int)n);
        }
        break;
    case 5:
        net_shutdown(s, value & 1, value & 2);
        break;
    case 6:
        net_close(s);
        sockets[which] = -1;
        break;
    case 7:
        n = net_open(value & 1 ? NET_DATAGRAM : NET_STREAM);
        if (n >= 0)
            keep((int)n);
        break;
    case 8:
        stream_next[which] = -1;
        net_connect(s, &peer);
        break;
    case 9:
        net_bind(s, &any);
        break;
    case 10:
        net_listen(s, value % 8);
        break;
    case 11:
        net_option_set(s, (enum net_option)(value % NET_OPTIONS), value >> 4);
        break;
    default:
        net_ready(s);
        net_option_get(s, (enum net_option)(value % NET_OPTIONS));
        net_name(s, value & 1, &peer);
    }
    work();
}

/* A listener at port 80, a socket of datagrams at 6000, and a neighbour that is known. */
static void begin(void)
{
    host_env_seed(1);
    timer_init();
    dhcp_transaction = 0;
    cut_first = 0;
    cut_number = 1000;
    for (unsigned i = 0; i < SOCKETS; i++)
        sockets[i] = -1;
    conversations_begin();
    sockets[0] = net_open(NET_STREAM);
    sockets[1] = net_open(NET_DATAGRAM);
    promise(sockets[0] >= 0 && sockets[1] >= 0, "no socket can be opened");
    promise(net_bind(sockets[0], &(struct net_address){0, 80}) == 0, "port 80 is not free");
    promise(net_listen(sockets[0], 4) == 0, "no listener");
    promise(net_bind(sockets[1], &(struct net_address){0, 6000}) == 0, "port 6000 is not free");
    arp(1, PEER & 15);
}

/* The machine has the address again that it began with. */
static void lease_end(void)
{
    ip_addr_t address = address_lwip(HOME), mask = address_lwip(0xffffff00), gateway = address_lwip(PEER);
    if (!netif_dhcp_data(&link_netif))
        return;
    dhcp_release_and_stop(&link_netif);
    dhcp_cleanup(&link_netif);
    netif_set_addr(&link_netif, &address, &mask, &gateway);
}

static void finish(void)
{
    struct net_books books;
    for (unsigned i = 0; i < SOCKETS; i++)
        net_close(sockets[i]);
    lease_end();
    while (tcp_active_pcbs)
        tcp_abort(tcp_active_pcbs);
    while (tcp_tw_pcbs)
        tcp_abort(tcp_tw_pcbs);
    for (unsigned i = 0; i <= IP_REASS_MAXAGE; i++)
        ip_reass_tmr();
    work();
    etharp_cleanup_netif(&link_netif);
    for (uint64_t due; (due = net_work()) != SCHED_FOREVER;)
        host_env_clock_set(due); /* no timer is left */
    net_books(&books);
    promise(books.sockets == 0 && books.connections == 0, "sockets are left");
    promise(host_nic_lent() == 0, "frames are left");
    promise(host_nic_claims() == claims_kept, "claims are left");
    promise(!net_pending(), "work is left");
    promise(!memory_kept || books.memory_bytes <= memory_kept + KEPT_MAX, "memory is left");
}

/* From here on nothing but what a script does decides how it goes: what describes frames under way has been made. */
static void warm_up(void)
{
    struct net_address peer = {PEER, 9};
    begin();
    for (unsigned i = 0; i < WORKS_MAX; i++)
        net_send(sockets[1], (uaddr_t)buffer, 1, 0, &peer);
    finish();
}

void fuzz_net_init(void)
{
    struct net_books books;
    host_env_quiet(true);
    host_nic_connect(on_sent);
    promise(net_init("10.0.2.15/24,10.0.2.2") == 0, "no network");
    claims_kept = host_nic_claims();
    warm_up();
    net_books(&books);
    memory_kept = books.memory_bytes;
}

/* For libFuzzer. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_net_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    at = data;
    end = bytes ? data + bytes : data;
    begin();
    while (at < end) {
        switch (take() % FUZZ_NET_STEPS) {
        case STEP_TIME:
            step_time();
            break;
        case STEP_RAW:
            step_raw();
            break;
        case STEP_SEGMENT:
            step_segment();
            break;
        case STEP_DATAGRAM:
            step_datagram();
            break;
        case STEP_DAMAGED:
            step_damaged();
            break;
        case STEP_ARP:
            step_arp();
            break;
        case STEP_ICMP:
            step_icmp();
            break;
        case STEP_FRAGMENT:
            step_fragment();
            break;
        case STEP_DHCP:
            step_dhcp();
            break;
        case STEP_EDGE:
            step_edge();
            break;
        case STEP_ORDER:
            step_order();
            break;
        case STEP_FILL:
            step_fill();
            break;
        case STEP_CUT:
            cut_first = 8 * (1 + take());
            cut_others = 8 * (1 + take());
            break;
        default:
            step_call();
        }
    }
    finish();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* intrude.c: an environment that harms itself only. */
#include "net_neighbours/intrude.h"
#include "exo/exo.h"
#include "machine/domain.h"
#include "nic.h"
#include "raw.h"
#include "toll.h"
#include <errno.h>
#include <string.h>

#define ROUNDS 60000u
#define BODY 1000u
#define LOOKS 100000u

static struct domain_info *const info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static struct exo_net *const net = (struct exo_net *)(DOMAIN_BASE(0) + DOMAIN_NET);
static uint64_t seed = 1;

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return raw(number, a, b, c, d, 0, 0);
}

/* xorshift64 (Marsaglia, 2003). */
static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

static int64_t send_with(uint64_t head, uint64_t body, uint64_t tag)
{
    struct exo_segment segments[] = {{head, 0, INTRUDE_HEAD}, {body, 0, BODY}};

    return call(EXO_NIC_SEND, (uint64_t)segments, 2, 0, tag);
}

void intrude_give_back(uint64_t frame)
{
    uint64_t body = (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0);
    int64_t sent = send_with(frame, body, 77), early = call(EXO_FRAME_PUT, body, 0, 0, 0), late;
    uint64_t tag = 0;

    for (unsigned i = 0; i < LOOKS && net->told == net->sent; i++)
        call(EXO_NIC_LISTEN, 0, 0, 0, 0);
    if (net->told != net->sent)
        tag = net->tags[net->told % EXO_NET_SLOTS_MAX];
    net->told = net->sent;
    late = call(EXO_FRAME_PUT, body, 0, 0, 0);
    toll_check(sent == 0, "sending what needs its memory: %lld", (long long)sent);
    toll_check(early == -EBUSY, "giving back what is being sent: %lld", (long long)early);
    toll_check(tag == 77, "told of %lld", (long long)tag);
    toll_check(late == 0, "giving it back afterwards: %lld", (long long)late);
}

static uint32_t lie(void)
{
    static const uint32_t edges[] = {0, 1, 127, 128, 129, 0x7fffffff, 0x80000000, UINT32_MAX};

    return below(2) ? edges[below(8)] : (uint32_t)seed;
}

static void lies_tell(void)
{
    for (unsigned i = 0; i < 4; i++)
        net->slots[below(EXO_NET_SLOTS_MAX)] = (uint8_t)lie();
    net->offered = below(2) ? net->came + below(200) : lie();
    net->taken = below(2) ? net->came : lie();
    net->told = below(2) ? net->sent : lie();
    if (below(8) == 0) {
        net->came = lie();
        net->sent = lie();
        net->listens = lie();
    }
    net->tags[below(EXO_NET_SLOTS_MAX)] = lie();
    net->frames[below(EXO_NET_SLOTS_MAX)].slot = (uint16_t)lie();
}

static bool send_anything(uint64_t frame, uint64_t body)
{
    struct exo_segment segments[NIC_SEGMENTS_MAX];
    uint32_t count = 1 + below(NIC_SEGMENTS_MAX);

    segments[0] = (struct exo_segment){frame, 0, INTRUDE_HEAD};
    for (unsigned i = 1; i < count; i++)
        segments[i] = (struct exo_segment){below(16) ? body : lie(), below(16) ? below(4096) : lie(),
                                           below(16) ? 1 + below(90) : lie()};
    if (below(8) == 0)
        segments[0].bytes = below(INTRUDE_HEAD);
    return call(EXO_NIC_SEND, (uint64_t)segments, below(64) ? count : lie(), below(32) ? 0 : lie(), lie()) >= 0;
}

static bool claim_anything(void)
{
    struct nic_filter f = {.test_count = 1 + below(NIC_TESTS_MAX), .shared = below(2), .rest = below(4) == 0};

    for (unsigned i = 0; i < f.test_count; i++) {
        static const uint8_t sizes[] = {1, 2, 4, 3};
        struct nic_test *t = &f.tests[i];
        *t = (struct nic_test){(uint8_t)below(3 + !below(16)), sizes[below(3 + !below(16))], (uint16_t)below(40), 1, 0};
        t->mask = below(16) ? 0xff : lie();
        t->value = below(16) ? lie() & t->mask : lie();
    }
    if (below(2)) /* a type that nobody else has */
        f.tests[0] = (struct nic_test){NIC_LINK, 2, 12, 0xffff, 0x88b5};
    if (below(2))
        call(EXO_NIC_CLAIM_END, below(1100), 0, 0, 0);
    return call(EXO_NIC_CLAIM, (uint64_t)&f, 0, 0, 0) >= 0;
}

/* Gives a frame back, if the kernel lets it; then it is another one. */
static void frame_change(uint64_t *frame)
{
    if (call(EXO_FRAME_PUT, *frame, 0, 0, 0) == 0)
        *frame = (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0);
}

_Noreturn void intrude(uint64_t frame)
{
    static const char weak[] = "TOLL1 value weak_intruder all 1\n";
    unsigned sent = 0, claimed = 0;
    uint64_t ring[4], body = (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0);

    info->upcall_entry = 0;
    for (unsigned i = 0; i < 4; i++) /* the last one twice */
        ring[i] = i < 3 ? (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0) : ring[2];
    for (unsigned round = 0; round < ROUNDS; round++) {
        lies_tell();
        if (round % 512 == 0) {
            call(EXO_NIC_RING, 0, 0, 0, 0);
            call(EXO_NIC_RING, (uint64_t)ring, 1 + below(4), 0, 0);
        }
        sent += send_anything(frame, body);
        if (round % 16 == 0)
            claimed += claim_anything();
        call(EXO_NIC_LISTEN, 0, 0, 0, 0);
        frame_change(&ring[below(3)]);
        ring[3] = ring[2];
        frame_change(&body);
    }
    net->told = net->sent;
    for (unsigned i = 0; i < 8; i++)
        send_with(frame, body, i);
    if (sent < ROUNDS / 100 || claimed < 100)
        call(EXO_CONSOLE_WRITE, (uint64_t)weak, sizeof weak - 1, 0, 0);
    call(EXO_END, sent < ROUNDS / 100 || claimed < 100, 0, 0, 0); /* whose tests see nothing is no test */
    __builtin_trap();
}

/* SPDX-License-Identifier: MIT */
/* filter_fixture.h: what the tests of claims share: memory, claims by hand, and claims looked at one by one. */
#ifndef TOLL_FILTER_FIXTURE_H
#define TOLL_FILTER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "env.h"
#include "exo/filter.h"

#define CLAIMS 256u
#define OWNERS 4u
#define FRAME 128u

static const uint8_t own[6] = {2, 0, 0, 0, 0, 1}, peer[6] = {2, 0, 0, 0, 0, 2};

/* The C library's, for the sanitizers. */
static void *objects[3];

void *alloc_get(size_t bytes)
{
    for (unsigned i = 0; i < sizeof objects / sizeof *objects; i++)
        if (!objects[i])
            return objects[i] = calloc(1, bytes);
    return NULL;
}

void env_random(void *buf, size_t n)
{
    memset(buf, 0x5b, n);
}

static inline int begin(void **state)
{
    (void)state;
    assert_int_equal(filter_init(CLAIMS, OWNERS), 0);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof objects / sizeof *objects; i++) {
        free(objects[i]);
        objects[i] = NULL;
    }
    return 0;
}

static inline struct nic_filter claim_of(unsigned count, const struct nic_test *tests, bool shared)
{
    struct nic_filter f = {.test_count = count, .shared = shared};

    memcpy(f.tests, tests, count * sizeof *tests);
    return f;
}

static inline struct nic_filter port_claim(uint8_t protocol, uint32_t ip, uint16_t port)
{
    struct nic_test tests[] = {{NIC_LINK, 2, 12, 0xffff, 0x0800},
                               {NIC_NETWORK, 1, 9, 0xff, protocol},
                               {NIC_TRANSPORT, 2, 2, 0xffff, port},
                               {NIC_NETWORK, 4, 16, 0xffffffff, ip}};

    return claim_of(ip ? 4 : 3, tests, false);
}

static inline void put(uint8_t *at, unsigned bytes, uint32_t value)
{
    while (bytes--) {
        at[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

struct packet {
    uint8_t bytes[FRAME];
};

static inline struct packet packet_of(uint8_t protocol, uint32_t source, uint16_t from, uint32_t target, uint16_t to,
                                      unsigned words)
{
    struct packet p = {0};

    memcpy(p.bytes, peer, 6);
    memcpy(p.bytes + 6, own, 6);
    put(p.bytes + 12, 2, 0x0800);
    p.bytes[14] = (uint8_t)(0x40 | words);
    p.bytes[23] = protocol;
    put(p.bytes + 26, 4, source);
    put(p.bytes + 30, 4, target);
    put(p.bytes + 14 + words * 4, 2, from);
    put(p.bytes + 16 + words * 4, 2, to);
    return p;
}

static inline uint32_t below(uint32_t n)
{
    return (uint32_t)rand() % n;
}

static inline bool test_holds(const struct nic_test *t, const uint8_t *frame, uint32_t bytes)
{
    uint32_t transport = filter_transport(frame, bytes), start[] = {0, 14, transport}, value = 0;

    if (t->base == NIC_TRANSPORT && !transport)
        return false;
    if (start[t->base] + t->offset + t->bytes > bytes)
        return false;
    for (unsigned i = 0; i < t->bytes; i++)
        value = value << 8 | frame[start[t->base] + t->offset + i];
    return (value & t->mask) == t->value;
}

static inline bool claim_holds(const struct nic_filter *f, const uint8_t *frame, uint32_t bytes)
{
    for (unsigned i = 0; i < f->test_count; i++)
        if (!test_holds(&f->tests[i], frame, bytes))
            return false;
    return true;
}

#endif

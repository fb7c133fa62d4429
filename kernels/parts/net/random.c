/* SPDX-License-Identifier: MIT */
/*
 * random.c: numbers that an attacker must not guess: a connection's first sequence number (RFC 6528), which is a
 * clock of 4 us and a keyed hash of the connection's ends, so that a later connection between the same ends begins
 * above an earlier one.  The hash is SipHash-2-4 (Aumasson and Bernstein, INDOCRYPT 2012).
 */
#include "net_hooks.h"
#include "net_part.h"

#define CLOCK_NS 4000u

static uint64_t key[2];

void random_init(void)
{
    env_random(key, sizeof key);
}

uint32_t net_random(void)
{
    uint32_t n;

    env_random(&n, sizeof n);
    return n;
}

static inline uint64_t rotate(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* Of count words of eight bytes. */
static uint64_t sip_hash(const uint64_t *words, unsigned count)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
                     key[1] ^ 0x7465646279746573u};

    for (unsigned i = 0; i <= count; i++) {
        uint64_t m = i < count ? words[i] : (uint64_t)count * 8 << 56;
        v[3] ^= m;
        sip_round(v);
        sip_round(v);
        v[0] ^= m;
    }
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

u32_t net_sequence_first(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port)
{
    uint64_t ends[2] = {(uint64_t)ip4_addr_get_u32(local) << 32 | ip4_addr_get_u32(remote),
                        (uint64_t)local_port << 16 | remote_port};

    return (u32_t)(env_now_ns() / CLOCK_NS + sip_hash(ends, 2));
}

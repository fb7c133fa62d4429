/* SPDX-License-Identifier: MIT */
/*
 * sum.c: the Internet checksum (RFC 1071), in place of lwIP's inet_chksum.c: the sum of 16-bit words in ones'
 * complement, here of eight bytes at a time, for it does not depend on how they are grouped, nor, but for a change of
 * places of the two bytes, on their order.  Results are in the order of bytes in memory, complemented.
 */
#include "lwip/inet_chksum.h"
#include "net_part.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word8;
typedef uint32_t __attribute__((may_alias, aligned(1))) word4;
typedef uint16_t __attribute__((may_alias, aligned(1))) word2;

static inline uint64_t add_carry(uint64_t sum, uint64_t word)
{
    __asm__("addq %1, %0\n\tadcq $0, %0" : "+r"(sum) : "r"(word) : "cc");
    return sum;
}

/* The sum of 32 bytes at a time. */
static inline const unsigned char *sum_blocks(const unsigned char *at, unsigned blocks, uint64_t *sum)
{
    for (; blocks; blocks--, at += 32)
        __asm__("addq (%1), %0\n\t"
                "adcq 8(%1), %0\n\t"
                "adcq 16(%1), %0\n\t"
                "adcq 24(%1), %0\n\t"
                "adcq $0, %0"
                : "+r"(*sum)
                : "r"(at), "m"(*(const unsigned char(*)[32])at)
                : "cc");
    return at;
}

static inline uint64_t sum_add(uint64_t sum, const void *data, unsigned n)
{
    const unsigned char *at = sum_blocks(data, n / 32, &sum);

    if (n & 16) {
        sum = add_carry(add_carry(sum, *(const word8 *)at), *(const word8 *)(at + 8));
        at += 16;
    }
    if (n & 8) {
        sum = add_carry(sum, *(const word8 *)at);
        at += 8;
    }
    if (n & 4) {
        sum = add_carry(sum, *(const word4 *)at);
        at += 4;
    }
    if (n & 2) {
        sum = add_carry(sum, *(const word2 *)at);
        at += 2;
    }
    return n & 1 ? add_carry(sum, *at) : sum;
}

static inline uint16_t sum_fold(uint64_t sum)
{
    uint32_t low = (uint32_t)sum, high = (uint32_t)(sum >> 32);

    __asm__("addl %1, %0\n\tadcl $0, %0" : "+r"(low) : "r"(high) : "cc");
    high = low >> 16;
    __asm__("addw %w1, %w0\n\tadcw $0, %w0" : "+r"(low) : "r"(high) : "cc");
    return (uint16_t)low;
}

uint16_t net_sum(const void *data, int bytes)
{
    return sum_fold(sum_add(0, data, (unsigned)bytes));
}

u16_t inet_chksum(const void *data, u16_t bytes)
{
    return (u16_t)~sum_fold(sum_add(0, data, bytes));
}

/* Up to so many bytes of a chain.  After an odd number of bytes the places of the next ones are changed. */
static uint64_t chain_add(uint64_t sum, const struct pbuf *p, unsigned bytes)
{
    bool odd = false;

    for (; p && bytes; p = p->next) {
        unsigned n = p->len < bytes ? p->len : bytes;
        if (odd)
            sum = add_carry(sum, __builtin_bswap16(sum_fold(sum_add(0, p->payload, n))));
        else
            sum = sum_add(sum, p->payload, n);
        odd ^= n & 1;
        bytes -= n;
    }
    return sum;
}

u16_t inet_chksum_pbuf(struct pbuf *p)
{
    return (u16_t)~sum_fold(chain_add(0, p, UINT32_MAX));
}

static inline uint64_t pseudo(u8_t protocol, u16_t bytes, const ip4_addr_t *from, const ip4_addr_t *to)
{
    return (uint64_t)ip4_addr_get_u32(from) + ip4_addr_get_u32(to) + ((uint32_t)lwip_htons(bytes)) +
           ((uint32_t)protocol << 8);
}

u16_t inet_chksum_pseudo_partial(struct pbuf *p, u8_t protocol, u16_t bytes, u16_t summed, const ip4_addr_t *from,
                                 const ip4_addr_t *to)
{
    return (u16_t)~sum_fold(chain_add(pseudo(protocol, bytes, from, to), p, summed));
}

u16_t inet_chksum_pseudo(struct pbuf *p, u8_t protocol, u16_t bytes, const ip4_addr_t *from, const ip4_addr_t *to)
{
    uint64_t sum = pseudo(protocol, bytes, from, to);

    sum = p->next ? chain_add(sum, p, UINT32_MAX) : sum_add(sum, p->payload, p->len);
    return (u16_t)~sum_fold(sum);
}

u16_t ip_chksum_pseudo(struct pbuf *p, u8_t protocol, u16_t bytes, const ip_addr_t *from, const ip_addr_t *to)
{
    return inet_chksum_pseudo(p, protocol, bytes, from, to);
}

u16_t ip_chksum_pseudo_partial(struct pbuf *p, u8_t protocol, u16_t bytes, u16_t summed, const ip_addr_t *from,
                               const ip_addr_t *to)
{
    return inet_chksum_pseudo_partial(p, protocol, bytes, summed, from, to);
}

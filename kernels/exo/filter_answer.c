/* SPDX-License-Identifier: MIT */
/*
 * filter_answer.c: what comes back for a frame that is sent: who may have the answer may send the frame.  Of answers
 * only the headers are known, so a claim that asks for more does not allow to send.
 */
#include "base/string.h"
#include "exo/filter_flow.h"

enum { LINK_SOURCE = 6, LINK_TYPE = 12, LINK_BYTES = 14 };
enum { TYPE_IP = 0x0800, TYPE_ARP = 0x0806 };
/* ARP for IPv4 over Ethernet (RFC 826), from the frame's first byte. */
enum { ARP_KIND = 14, ARP_OPERATION = 20, ARP_SENDER = 22, ARP_TARGET = 32, ARP_PAIR_BYTES = 10, ARP_END = 42 };
enum { IP_PROTOCOL = 23, IP_SOURCE = 26, IP_DESTINATION = 30, IP_ADDRESS_BYTES = 4, IP_END = 34 };
enum { ICMP = 1, TCP = 6, UDP = 17, ECHO = 8, ECHO_REPLY = 0, TCP_SUM = 16, UDP_SUM = 6 };
enum { PORT_BYTES = 2, PORTS_BYTES = 4 };

/* With a constant number of bytes these are a few instructions. */
#define SWAP(answer, head, a, b, bytes)                                                                                \
    (__builtin_memcpy((answer) + (a), (head) + (b), bytes), __builtin_memcpy((answer) + (b), (head) + (a), bytes))

static bool is_address(const uint8_t *at, const uint8_t *address)
{
    uint32_t high[2];
    uint16_t low[2];

    __builtin_memcpy(&high[0], at, 4);
    __builtin_memcpy(&high[1], address, 4);
    __builtin_memcpy(&low[0], at + 4, 2);
    __builtin_memcpy(&low[1], address + 4, 2);
    return high[0] == high[1] && low[0] == low[1];
}

static unsigned type_of(const uint8_t *head)
{
    return (unsigned)(head[LINK_TYPE] << 8 | head[LINK_TYPE + 1]);
}

/* A request has an answer, and an answer is there for requests. */
static uint32_t answer_arp(uint8_t *answer, const uint8_t *head, uint32_t bytes, const uint8_t *address)
{
    static const uint8_t kind[] = {0, 1, 8, 0, 6, 4, 0}; /* and the operation's first byte */
    unsigned operation = head[ARP_OPERATION + 1];

    if (bytes < ARP_END || memcmp(head + ARP_KIND, kind, sizeof kind) != 0 || (operation != 1 && operation != 2) ||
        !is_address(head + ARP_SENDER, address))
        return 0;
    answer[ARP_OPERATION + 1] = (uint8_t)(3 - operation);
    SWAP(answer, head, ARP_SENDER, ARP_TARGET, ARP_PAIR_BYTES);
    return ARP_END;
}

static uint32_t answer_transport(uint8_t *answer, const uint8_t *head, uint32_t bytes, uint32_t at)
{
    switch (head[IP_PROTOCOL]) {
    case TCP:
    case UDP:
        if (bytes < at + PORTS_BYTES)
            return 0;
        SWAP(answer, head, at, at + PORT_BYTES, PORT_BYTES);
        return at + PORTS_BYTES;
    case ICMP:
        if (bytes == at)
            return 0;
        if (head[at] == ECHO || head[at] == ECHO_REPLY)
            answer[at] = ECHO - head[at];
        return at + 1;
    default:
        return at;
    }
}

static uint32_t answer_ip(uint8_t *answer, const uint8_t *head, uint32_t bytes)
{
    uint32_t at = filter_transport(head, bytes);

    if (bytes < IP_END || head[LINK_BYTES] >> 4 != 4 || head[IP_SOURCE] >= FILTER_EVERYBODY)
        return 0;
    SWAP(answer, head, IP_SOURCE, IP_DESTINATION, IP_ADDRESS_BYTES);
    return at ? answer_transport(answer, head, bytes, at) : IP_END;
}

uint32_t filter_answer(const uint8_t head[FILTER_HEAD_MAX], uint32_t bytes, const uint8_t *address,
                       uint8_t answer[FILTER_HEAD_MAX])
{
    if (bytes > FILTER_HEAD_MAX)
        bytes = FILTER_HEAD_MAX;
    if (bytes < LINK_BYTES || !is_address(head + LINK_SOURCE, address))
        return 0;
    __builtin_memcpy(answer, head, FILTER_HEAD_MAX);
    SWAP(answer, head, 0, LINK_SOURCE, NIC_ADDRESS_BYTES);
    if (type_of(head) == TYPE_ARP)
        return answer_arp(answer, head, bytes, address);
    if (type_of(head) == TYPE_IP)
        return answer_ip(answer, head, bytes);
    return bytes;
}

static __attribute__((noinline)) uint32_t owners_of_answer(const uint8_t head[FILTER_HEAD_MAX], uint32_t bytes,
                                                           const uint8_t *address)
{
    uint8_t answer[FILTER_HEAD_MAX];
    uint32_t n = filter_answer(head, bytes, address, answer);

    return n ? filter_match(answer, n) : 0;
}

/* Most frames answer one that came, so whose their flow is has been asked already. */
bool filter_may_send(unsigned owner, const uint8_t head[FILTER_HEAD_MAX], uint32_t bytes, const uint8_t *address)
{
    uint32_t owners = 0;
    struct flow flow, turned;

    if (flow_of(&flow, head, bytes) && is_address(head + LINK_SOURCE, address)) {
        turned = flow_turned(&flow);
        owners = flow_find(&turned);
    }
    if (!owners)
        owners = owners_of_answer(head, bytes, address);
    return owners >> owner & 1;
}

uint32_t filter_sum(const void *frame, uint32_t bytes, uint32_t *offset)
{
    const uint8_t *head = frame;
    uint32_t at = filter_transport(head, bytes);

    if (!at || (head[IP_PROTOCOL] != TCP && head[IP_PROTOCOL] != UDP))
        return 0;
    *offset = head[IP_PROTOCOL] == TCP ? TCP_SUM : UDP_SUM;
    return at;
}

/* SPDX-License-Identifier: MIT */
/*
 * filter_flow.h: flows under way, and whose they are: what the tree of claims said of a frame is kept, and found again
 * by the addresses, ports and protocol of the next one, as switches do it (Pfaff and others, The design and
 * implementation of Open vSwitch, NSDI 2015).  The answer's flow is the same one turned round, so one entry serves both
 * directions.
 *
 * Nothing but speed comes from here.  An entry holds only what follows from its key: the tree says when it looked at
 * anything else of the frame, and that answer is not kept.  All are forgotten when a claim is made or ends.
 */
#ifndef TOLL_FILTER_FLOW_H
#define TOLL_FILTER_FLOW_H

#include "exo/filter.h"

#define FLOW_BITS 9
#define FLOWS (1u << FLOW_BITS)
#define FLOW_BYTES 38u /* of a frame, with which its ports end */

struct flow {
    uint64_t addresses; /* as they lie in the frame */
    uint64_t rest;      /* ports, as they lie there; protocol << FLOW_PROTOCOL; owners << FLOW_OWNERS, 0: no entry */
};
#define FLOW_PROTOCOL 32
#define FLOW_OWNERS 40
_Static_assert(FLOW_OWNERS + FILTER_OWNERS_MAX <= 64, "owners have room");

extern struct flows {
    struct flow flows[FLOWS];
    uint64_t secret; /* so that nobody knows which flows share an entry */
    bool any;
} filter_flows;

void flow_init(void);
void flow_forget(void); /* all of them */

/* Whether a comparison looks at nothing but what frames of one flow have alike. */
bool flow_decides(const struct nic_test *test);

typedef uint64_t __attribute__((may_alias, aligned(1))) flow_word8;
typedef uint32_t __attribute__((may_alias, aligned(1))) flow_word4;
typedef uint16_t __attribute__((may_alias, aligned(1))) flow_word2;

/* The flow of a frame of IPv4 without options that is no fragment but the first; false for others. */
static inline bool flow_of(struct flow *out, const uint8_t *frame, uint32_t bytes)
{
    if (bytes < FLOW_BYTES || (*(const flow_word4 *)(frame + 12) & 0xffffff) != 0x450008 ||
        *(const flow_word2 *)(frame + 20) & 0xff1f)
        return false;
    out->addresses = *(const flow_word8 *)(frame + 26);
    out->rest = *(const flow_word4 *)(frame + 34) | (uint64_t)frame[23] << FLOW_PROTOCOL;
    return true;
}

static inline struct flow flow_turned(const struct flow *f)
{
    uint32_t ports = (uint32_t)f->rest;

    return (struct flow){f->addresses << 32 | f->addresses >> 32,
                         (f->rest & ~(uint64_t)UINT32_MAX) | (ports << 16 | ports >> 16)};
}

/* Multiply-shift hashing, as in filter.c. */
static inline struct flow *flow_place(const struct flow *f)
{
    return &filter_flows.flows[(f->addresses ^ f->rest) * filter_flows.secret >> (64 - FLOW_BITS)];
}

/* Its owners, 0 if they are not known. */
static inline uint32_t flow_find(const struct flow *f)
{
    const struct flow *at = flow_place(f);
    bool is_same = at->addresses == f->addresses && !((at->rest ^ f->rest) << (64 - FLOW_OWNERS));

    return is_same ? (uint32_t)(at->rest >> FLOW_OWNERS) : 0;
}

void flow_keep(const struct flow *f, uint32_t owners); /* not 0 */

#endif

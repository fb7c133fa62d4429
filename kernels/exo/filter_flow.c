/* SPDX-License-Identifier: MIT */
/* filter_flow.c: when a flow's owners may be kept, and when they are forgotten. */
#include "exo/filter_flow.h"
#include "base/string.h"
#include "env.h"

enum { TCP = 6, UDP = 17 };

struct flows filter_flows;

/* Of that byte of a frame, the bits that are in its flow, or are the same in all frames that have one: the type, the
   header's length, that it is no later fragment; protocol, addresses, ports. */
static uint32_t bits_known(uint32_t at)
{
    if (at == 20)
        return 0x1f;
    return (at >= 12 && at <= 14) || at == 21 || at == 23 || at >= 26 ? 0xff : 0;
}

bool flow_decides(const struct nic_test *t)
{
    static const uint8_t start[] = {0, FILTER_NETWORK, FILTER_NETWORK + 20}; /* of the bases, without options */
    uint32_t at = start[t->base] + t->offset;

    if (at + t->bytes > FLOW_BYTES) /* a shorter frame of the same flow would not match */
        return false;
    for (uint32_t i = 0; i < t->bytes; i++)
        if (t->mask >> 8 * (t->bytes - 1 - i) & 0xff & ~bits_known(at + i))
            return false;
    return true;
}

/* An answer's flow is the frame's turned round only where there are ports; and nobody answers from where everybody is,
   which filter_answer knows. */
void flow_keep(const struct flow *f, uint32_t owners)
{
    unsigned protocol = f->rest >> FLOW_PROTOCOL & 0xff, to = f->addresses >> 32 & 0xff;

    if ((protocol != TCP && protocol != UDP) || to >= FILTER_EVERYBODY)
        return;
    *flow_place(f) = (struct flow){f->addresses, f->rest | (uint64_t)owners << FLOW_OWNERS};
    filter_flows.any = true;
}

void flow_forget(void)
{
    if (filter_flows.any)
        memset(filter_flows.flows, 0, sizeof filter_flows.flows);
    filter_flows.any = false;
}

void flow_init(void)
{
    filter_flows.any = true;
    flow_forget();
    env_random(&filter_flows.secret, sizeof filter_flows.secret);
    filter_flows.secret |= 1;
}

/* SPDX-License-Identifier: MIT */
/* asid.c: a bit for each number, and a hand that goes round. */
#include "machine/asid.h"
#include "base/panic.h"
#include <stdint.h>

#define WORD_BITS 64u

static uint64_t used[ASID_COUNT / WORD_BITS] = {1};
static unsigned limit = ASID_COUNT, hand = 1;

void asid_limit(unsigned count)
{
    ASSERT(count > 1 && count <= ASID_COUNT);
    limit = count;
    hand = 1;
}

/* The first free number in [from, to), or ASID_SHARED. */
static unsigned find_free(unsigned from, unsigned to)
{
    while (from < to) {
        uint64_t free = ~used[from / WORD_BITS] >> from % WORD_BITS;
        if (free) {
            from += (unsigned)__builtin_ctzll(free);
            return from < to ? from : ASID_SHARED;
        }
        from = (from / WORD_BITS + 1) * WORD_BITS;
    }
    return ASID_SHARED;
}

unsigned asid_get(void)
{
    unsigned asid = find_free(hand, limit);

    if (asid == ASID_SHARED)
        asid = find_free(1, hand);
    if (asid == ASID_SHARED)
        return ASID_SHARED;
    used[asid / WORD_BITS] |= 1ull << asid % WORD_BITS;
    hand = asid + 1 < limit ? asid + 1 : 1;
    return asid;
}

void asid_put(unsigned asid)
{
    if (asid == ASID_SHARED)
        return;
    ASSERT(used[asid / WORD_BITS] >> asid % WORD_BITS & 1);
    used[asid / WORD_BITS] &= ~(1ull << asid % WORD_BITS);
}

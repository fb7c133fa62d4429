/* SPDX-License-Identifier: MIT */
/*
 * filter_overlap.c: whether one frame can match two claims.  Each comparison fixes some bits of a frame; there is a
 * frame for all of them if no two of them fix the same bit differently.  Where the transport header begins depends on
 * the frame itself: that comparisons refer to it fixes bits too, and each length of the IPv4 header is tried.
 */
#include "exo/filter.h"

#define WORDS_MIN 5u /* of an IPv4 header */
#define WORDS_MAX 15u

/* Byte number i of a comparison, and the bits of it that are fixed. */
static inline uint32_t byte_of(uint32_t word, const struct nic_test *t, unsigned i)
{
    return word >> 8 * (t->bytes - 1u - i) & 0xff;
}

/* Two comparisons that begin at these bytes of a frame. */
static bool agree(const struct nic_test *a, uint32_t a_at, const struct nic_test *b, uint32_t b_at)
{
    uint32_t at = a_at > b_at ? a_at : b_at, a_end = a_at + a->bytes, b_end = b_at + b->bytes;

    for (; at < a_end && at < b_end; at++) {
        uint32_t both = byte_of(a->mask, a, at - a_at) & byte_of(b->mask, b, at - b_at);
        if (both & (byte_of(a->value, a, at - a_at) ^ byte_of(b->value, b, at - b_at)))
            return false;
    }
    return true;
}

static uint32_t place_of(const struct nic_test *t, uint32_t transport)
{
    return t->offset + (t->base == NIC_LINK ? 0 : t->base == NIC_NETWORK ? FILTER_NETWORK : transport);
}

/* With the transport header there.  0: comparisons with it are compared only with each other, with the others only
   others. */
static bool all_agree(const struct nic_test *a, unsigned a_count, const struct nic_test *b, unsigned b_count,
                      uint32_t transport)
{
    for (unsigned i = 0; i < a_count; i++)
        for (unsigned j = 0; j < b_count; j++) {
            bool mixed = (a[i].base == NIC_TRANSPORT) != (b[j].base == NIC_TRANSPORT);
            if (mixed != !transport && !agree(&a[i], place_of(&a[i], transport), &b[j], place_of(&b[j], transport)))
                return false;
        }
    return true;
}

static bool has_transport(const struct nic_filter *f)
{
    for (unsigned i = 0; i < f->test_count; i++)
        if (f->tests[i].base == NIC_TRANSPORT)
            return true;
    return false;
}

/* One filter's comparisons with each other, for it may fix a bit twice. */
static bool is_possible(const struct nic_filter *f, uint32_t transport)
{
    return all_agree(f->tests, f->test_count, f->tests, f->test_count, transport);
}

bool filter_overlap(const struct nic_filter *a, const struct nic_filter *b)
{
    struct nic_test header[] = {
        {NIC_LINK, 2, 12, 0xffff, 0x0800},
        {NIC_NETWORK, 2, 6, 0x1fff, 0},
        {NIC_NETWORK, 1, 0, 0xff, 0},
    };

    if (!all_agree(a->tests, a->test_count, b->tests, b->test_count, 0) || !is_possible(a, 0) || !is_possible(b, 0))
        return false;
    if (!has_transport(a) && !has_transport(b))
        return true;
    for (unsigned words = WORDS_MIN; words <= WORDS_MAX; words++) {
        uint32_t at = FILTER_NETWORK + words * 4;
        header[2].value = 4 << 4 | words;
        if (all_agree(header, 3, a->tests, a->test_count, 0) && all_agree(header, 3, b->tests, b->test_count, 0) &&
            all_agree(a->tests, a->test_count, b->tests, b->test_count, at) && is_possible(a, at) && is_possible(b, at))
            return true;
    }
    return false;
}

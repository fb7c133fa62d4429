/* SPDX-License-Identifier: MIT */
/*
 * network_claim.c: which claims (filter.h) an environment may make.  Beside other environments' claims there are the
 * addresses that the command line gives them: what comes there is theirs, also as long as they have not claimed it, as
 * an extent is whose it was given to.
 */
#include "base/errno.h"
#include "env.h"
#include "exo/call.h"
#include "exo/filter.h"
#include "exo/network.h"

static uint32_t given[ENVIRONMENTS_MAX]; /* addresses; 0: none, or a lease */

/* That in a word "ADDRESS/...", 0 if there is none. */
static uint32_t address_of(const char *word)
{
    uint32_t address = 0;

    for (unsigned i = 0; i < 4; i++, word++) {
        uint32_t byte = 0;
        if (*word < '0' || *word > '9')
            return 0;
        for (; *word >= '0' && *word <= '9' && byte < 256; word++)
            byte = byte * 10 + (uint32_t)(*word - '0');
        if (byte > 255 || *word != (i < 3 ? '.' : '/'))
            return 0;
        address = address << 8 | byte;
    }
    return address;
}

void network_address_give(unsigned number, const char *word)
{
    given[number] = address_of(word);
}

static bool overlaps_address(const struct nic_filter *f, uint32_t address)
{
    const struct nic_filter frames = {.test_count = 2,
                                      .tests = {{NIC_LINK, 2, 12, 0xffff, 0x0800},
                                                {NIC_NETWORK, 4, 16, UINT32_MAX, address}}},
                            resolution = {.test_count = 2,
                                          .tests = {{NIC_LINK, 2, 12, 0xffff, 0x0806},
                                                    {NIC_NETWORK, 4, 24, UINT32_MAX, address}}};

    return filter_overlap(f, &frames) || filter_overlap(f, &resolution);
}

static bool is_given_away(const struct environment *e, const struct nic_filter *f)
{
    for (const struct environment *o = environments; o < environments + ENVIRONMENTS_MAX; o++)
        if (o->alive && given[o->number] && given[o->number] != given[e->number] &&
            overlaps_address(f, given[o->number]))
            return true;
    return false;
}

int64_t call_nic_claim(CALL_N, uint64_t address)
{
    struct environment *e = environment_current();
    struct nic_filter filter;

    if (!e->net)
        return -ENODEV;
    if (env_copy_in(&filter, address, sizeof filter))
        return -EFAULT;
    if (*(const uint8_t *)&filter.shared > 1 || *(const uint8_t *)&filter.rest > 1) /* no bools at all */
        return -EINVAL;
    if (!filter_is_good(&filter))
        return -EINVAL;
    return is_given_away(e, &filter) ? -EADDRINUSE : filter_claim(e->number, &filter);
}

int64_t call_nic_claim_end(CALL_N, uint64_t claim)
{
    struct environment *e = environment_current();

    return e->net ? filter_claim_end(e->number, claim) : -ENODEV;
}

/* SPDX-License-Identifier: MIT */
/*
 * filter.h: whose a frame is.  The claims (nic.h) of all environments are one tree of comparisons, as in DPF (Engler
 * and Kaashoek, SIGCOMM 1996): claims that begin with the same comparisons share them, and where many claims compare
 * the same bytes with different values, one look into a hash table chooses among them.
 *
 * Nothing here knows of environments but their numbers, *owners*, or touches anything but its arguments and its own
 * memory.
 */
#ifndef TOLL_FILTER_H
#define TOLL_FILTER_H

#include "nic.h"

#define FILTER_OWNERS_MAX 8u
#define FILTER_HEAD_MAX 82u  /* no more bytes of a frame decide what its answer would be */
#define FILTER_END_MAX 1024u /* a comparison ends no later behind its base, so that there are frames so long */

/* Memory for claims_max claims, of which each of owners may have an even share.  Once.  -ENOMEM */
int filter_init(unsigned claims_max, unsigned owners);

/* Whether its comparisons are such as nic.h and FILTER_END_MAX allow: only such a filter can be looked at below. */
bool filter_is_good(const struct nic_filter *filter);

/* A claim's number; errors as of nic_claim. */
int filter_claim(unsigned owner, const struct nic_filter *filter);
int filter_claim_end(unsigned owner, uint64_t claim); /* -EINVAL: not the owner's */
void filter_owner_end(unsigned owner);

/* The owners, as bits, of a frame; of frames of any length and with anything in them. */
uint32_t filter_match(const void *frame, uint32_t bytes);

/* Whether there is a frame that both match.  Exact. */
bool filter_overlap(const struct nic_filter *a, const struct nic_filter *b);

/* What is known of the answer to a frame whose first bytes are head: addresses, and ports or kinds of message, swapped.
   FILTER_HEAD_MAX bytes can be read there, of which so many are the frame's.  address: the interface's.  How many bytes
   of answer are filled; 0: malformed, or not sent from address, or from what is no single machine's (RFC 1122, section
   3.2.1.3). */
uint32_t filter_answer(const uint8_t head[FILTER_HEAD_MAX], uint32_t bytes, const uint8_t *address,
                       uint8_t answer[FILTER_HEAD_MAX]);

/* Whether owner gets the answer to a frame whose first bytes are head, and so may send it. */
bool filter_may_send(unsigned owner, const uint8_t head[FILTER_HEAD_MAX], uint32_t bytes, const uint8_t *address);

/* Where an interface may put the checksum of a frame with this head: 0 if nowhere, else the transport header's start,
   and in *offset that of its checksum. */
uint32_t filter_sum(const void *head, uint32_t bytes, uint32_t *offset);

#define FILTER_EVERYBODY 224u        /* the first byte of addresses of groups, and of everybody, or more */
#define FILTER_NETWORK NIC_FRAME_MIN /* where NIC_NETWORK begins */

/* The transport header's start, 0 where there is none: no IPv4, or a fragment but the first. */
static inline uint32_t filter_transport(const uint8_t *frame, uint32_t bytes)
{
    const uint8_t *ip = frame + FILTER_NETWORK;
    uint32_t header = bytes > FILTER_NETWORK ? (ip[0] & 15u) * 4 : 0;

    if (header < 20 || bytes < FILTER_NETWORK + header || ip[0] >> 4 != 4 || frame[12] != 8 || frame[13] != 0 ||
        ip[6] & 0x1f || ip[7])
        return 0;
    return FILTER_NETWORK + header;
}

#endif

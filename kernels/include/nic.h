/* SPDX-License-Identifier: MIT */
/*
 * nic.h: one Ethernet interface.  Frames go both ways without a copy of their own: those to be sent are gathered from
 * the sender's memory, those that came are lent out and given back.  Nothing here sleeps.
 *
 *      nic_send   --> the nic's --> nic_sent       frames to be sent, by their struct nic_send
 *      nic_receive --> the caller's --> nic_give   frames that came, by their struct nic_frame
 *
 * A home may share one interface among several domains.  Each then says by *claims* which frames it wants: it gets
 * these and no others, and may send only frames to which the answer would be its own.  Where there is nobody to share
 * with, every claim is granted and nothing is checked.
 */
#ifndef TOLL_NIC_H
#define TOLL_NIC_H

#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

#define NIC_ADDRESS_BYTES 6u
#define NIC_FRAME_MIN 14u   /* the Ethernet header alone */
#define NIC_FRAME_MAX 1514u /* and 1500 bytes; without the frame check sequence */
#define NIC_SEGMENTS_MAX 16u

struct nic_info {
    uint8_t address[NIC_ADDRESS_BYTES];
    bool sums_sent;     /* the interface completes checksums of frames sent: checksum_* below may be used */
    bool sums_received; /* it may say of frames received that they are good */
};

struct nic_segment {
    const void *data; /* this domain's memory from alloc.h; a segment never crosses a page */
    uint32_t bytes;
};

/* A frame to be sent: Ethernet header, data.  Owned by the caller, who fills the first fields and leaves it and its
   data alone from nic_send until nic_sent returns it. */
struct nic_send {
    uint32_t segment_count;
    struct nic_segment segments[NIC_SEGMENTS_MAX];
    uint16_t
        checksum_start; /* with sums_sent and checksum_offset not 0: the 16-bit ones' complement sum of the bytes */
    uint16_t checksum_offset; /* from start to the end is put at start + offset (virtio 1.1, section 5.1.6.2) */
    /* the nic's */
    struct list link;
};

/* A frame that came. */
struct nic_frame {
    void *data;
    uint32_t bytes; /* NIC_FRAME_MIN to NIC_FRAME_MAX */
    bool checked;   /* its transport checksum is known to be good, or need not be looked at */
    /* the nic's */
    struct list link;
};

/* Finds the interface and starts it.  ready(arg) is called, in interrupt context, when frames have come since
   nic_pending last said that there are none, and when there is room again after nic_send's -EAGAIN; perhaps at other
   times too.  0, -ENODEV, -EIO, -ENOMEM. */
int nic_init(void (*ready)(void *arg), void *arg);

void nic_info(struct nic_info *out);

/* 0; -EAGAIN: the queue is full, ready will be called; -EINVAL: no frame of these sizes; -EPERM: no claim of this
   domain covers the answer.  With an error the frame stays the caller's. */
int nic_send(struct nic_send *frame);
struct nic_send *nic_sent(void); /* one that was sent, or NULL; the caller asks often enough not to run out */

/* The next frame, or NULL.  At most NIC_LENT_MAX may be out at a time: while so many are, NULL. */
#define NIC_LENT_MAX 128u
struct nic_frame *nic_receive(void);

/* Whether frames wait to be received; if not, ready will be called when some come.  Who will look again by himself need
   not ask, and is not interrupted. */
bool nic_pending(void);
void nic_give(struct nic_frame *frame);

/* How many more frames can come before some must be given back or are lost. */
unsigned nic_room(void);

/*
 * Claims.  A filter is a conjunction of comparisons with bytes of a frame (the packet filters of DPF, Engler and
 * Kaashoek, SIGCOMM 1996): big-endian value at base + offset, under mask.
 */
enum nic_base {
    NIC_LINK,     /* the frame's first byte */
    NIC_NETWORK,  /* after the Ethernet header */
    NIC_TRANSPORT /* after the IPv4 header with its options; not for fragments but the first */
};
#define NIC_TESTS_MAX 8u
struct nic_test {
    uint8_t base;  /* enum nic_base */
    uint8_t bytes; /* 1, 2 or 4 */
    uint16_t offset;
    uint32_t mask, value; /* value has no bits outside mask */
};
struct nic_filter {
    uint32_t test_count; /* at least 1 */
    bool shared;         /* others may claim the same frames: each gets a copy (address resolution) */
    bool rest;           /* of these only what nobody claims otherwise: overlaps only with others that are so */
    struct nic_test tests[NIC_TESTS_MAX];
};

/* A claim's number; -EADDRINUSE: some frame would be another domain's too, and not both are shared; -EINVAL;
   -ENOSPC: too many claims. */
int nic_claim(const struct nic_filter *filter);
void nic_claim_end(int claim);

/* For tests and reports; since nic_init. */
struct nic_books {
    uint64_t frames_sent, frames_received, bytes_sent, bytes_received;
    uint64_t dropped; /* came and were nobody's, malformed, or came when there was no room */
    uint64_t interrupts;
};
void nic_books(struct nic_books *out);

#endif

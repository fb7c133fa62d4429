/* SPDX-License-Identifier: MIT */
/*
 * fake_net.h: a virtio network device in a test: a transport without a bus and both queues as the device sees them
 * (virtio 1.1, sections 2.6 and 5.1, written down here a second time so that the driver is not tested against itself).
 * It breaks off the test when the driver breaks a rule.
 */
#ifndef TOLL_FAKE_NET_H
#define TOLL_FAKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_NET_F_CSUM (UINT64_C(1) << 0)
#define FAKE_NET_F_GUEST_CSUM (UINT64_C(1) << 1)
#define FAKE_NET_F_MAC (UINT64_C(1) << 5)
#define FAKE_NET_EVENT_IDX (UINT64_C(1) << 29)

struct fake_net_header {
    uint8_t flags, gso;
    uint16_t header_bytes, gso_bytes, start, offset, buffers;
};

struct fake_net_queue {
    uint16_t size, available_next, used_next, used_told;
    struct {
        uint64_t address;
        uint32_t bytes;
        uint16_t flags, next;
    } * descriptors;
    uint16_t *available; /* flags, index, ring..., used_event */
    uint16_t *used;      /* flags, index, ring of entries..., available_event */
    unsigned notifies;
};

struct fake_net {
    /* what the device is like: set before it is started */
    uint64_t features;
    uint16_t queue_size[2];
    uint8_t config[8];
    bool no_device, refuses;
    struct fake_net_header header; /* of each frame that comes; buffers: 1 */
    /* what was done to it */
    uint64_t accepted;
    uint8_t status;
    unsigned acks, interrupts;
    struct fake_net_queue queues[2];
};
extern struct fake_net fake_net;

void fake_net_reset(void); /* a device with every feature */

/* A frame for the driver, in the next buffer that is available; false if there is none.  Interrupts if asked to. */
bool fake_net_deliver(const void *frame, size_t bytes);
/* Claims to have used a buffer: a used entry as it stands. */
void fake_net_claim(unsigned queue, uint32_t head, uint32_t bytes);
/* Interrupts if the driver asked to be told of what was used since it was told last. */
void fake_net_tell(unsigned queue);

/* The next frame that the driver sends: its head for fake_net_claim; -1 if there is none. */
int fake_net_take(struct fake_net_header *header, uint8_t *frame, size_t *bytes);
unsigned fake_net_waiting(unsigned queue); /* chains that are available and not taken */

#endif

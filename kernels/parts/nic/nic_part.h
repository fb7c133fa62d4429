/* SPDX-License-Identifier: MIT */
/* nic_part.h: what the files of the part nic share. */
#ifndef TOLL_NIC_PART_H
#define TOLL_NIC_PART_H

#include "machine/virtio.h"
#include "nic.h"

/* What stands before each frame in memory that the device reads or writes (virtio 1.1, section 5.1.6). */
struct nic_header {
    uint8_t flags, segmented; /* of VIRTIO_NET_HDR_F_* below; a kind of offload that is never asked for */
    uint16_t header_bytes, segment_bytes;
    uint16_t checksum_start, checksum_offset;
    uint16_t buffers;
};
#define NIC_HEADER_BYTES 12u
_Static_assert(sizeof(struct nic_header) == NIC_HEADER_BYTES, "as the device has it");

enum { NIC_NEEDS_SUM = 1, NIC_SUM_GOOD = 2 };

/* A buffer for a frame that comes: half a page, made available again and again. */
struct nic_buffer {
    struct nic_frame frame; /* first: a frame is its buffer */
    uint16_t head;          /* its descriptor's number */
};

struct nic {
    struct virtio_device device;
    struct virtio_queue incoming, outgoing;
    bool sums_sent, sums_received;
    bool full; /* nic_send answered -EAGAIN, and ready was not called since */
    uint8_t address[NIC_ADDRESS_BYTES];
    void (*ready)(void *arg);
    void *ready_arg;
    struct nic_buffer *buffers;
    unsigned buffer_count, lent;
    uint16_t kick_below; /* a device that has as many buffers does not wait for more */
    struct nic_header
        *headers; /* one page: of all frames without a checksum to complete; then one for each descriptor */
    uint64_t headers_dma;
    struct list sent; /* by the device, and not yet asked for */
    struct nic_books books;
};
extern struct nic nic;

int nic_buffers_make(void); /* and makes them available to the device.  0, -ENOMEM */

/* When the device has been reset: gives back buffers; and everything. */
void nic_buffers_free(void);
void nic_memory_free(void);

#endif

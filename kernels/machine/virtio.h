/* SPDX-License-Identifier: MIT */
/*
 * virtio.h: virtio 1.x devices (OASIS Virtual I/O Device specification 1.1), whichever way they are attached:
 * registers in memory (section 4.2, QEMU's microvm) or modern PCI (section 4.1, q35).  One header, two transports
 * (virtio_mmio.c, virtio_pci.c) behind a table of functions, one split virtqueue implementation (virtio_queue.c).
 */
#ifndef TOLL_VIRTIO_H
#define TOLL_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

enum virtio_type { VIRTIO_NET = 1, VIRTIO_BLK = 2 };

#define VIRTIO_F_VERSION_1 32
#define VIRTIO_F_EVENT_IDX 29

#define VIRTIO_QUEUES_MAX 4 /* queues of one device that are used */
#define VIRTIO_QUEUE_MAX 128

struct virtio_device;

/* A transport's operations; d is one device that its probe found. */
struct virtio_transport {
    uint64_t (*features)(struct virtio_device *d);
    void (*features_accept)(struct virtio_device *d, uint64_t features);
    uint8_t (*status)(struct virtio_device *d);
    void (*status_set)(struct virtio_device *d, uint8_t status);
    uint16_t (*queue_size)(struct virtio_device *d, uint16_t queue); /* largest; 0: no such queue */
    void (*queue_enable)(struct virtio_device *d, uint16_t queue, uint16_t size, uint64_t descriptors,
                         uint64_t available, uint64_t used);
    void (*notify)(struct virtio_device *d, uint16_t queue);
    uint8_t (*config_read8)(struct virtio_device *d, uint32_t offset);
    /* Acknowledges the interrupt: bit 0 used buffers, bit 1 configuration changed. */
    uint8_t (*interrupt_ack)(struct virtio_device *d);
};

struct virtio_device {
    const struct virtio_transport *transport;
    enum virtio_type type;
    uint32_t irq; /* for env_irq_bind */
    volatile uint8_t *registers, *config, *isr;
    volatile uint8_t *notify_base;
    uint32_t notify_multiplier, notify_bytes;
    uint32_t notify_offset[VIRTIO_QUEUES_MAX]; /* from notify_base, of queues that are enabled */
    uint64_t features;                         /* negotiated */
};

/* Finds the index-th device of a type on whatever bus this machine has.  0 or -ENODEV. */
int virtio_find(enum virtio_type type, unsigned index, struct virtio_device *out);

/* Reset, acknowledge, negotiate wanted (VIRTIO_F_VERSION_1 is always wanted and required), up to FEATURES_OK.
   0, -ENODEV (the device refuses). */
int virtio_start(struct virtio_device *d, uint64_t wanted);
void virtio_ready(struct virtio_device *d); /* DRIVER_OK */
uint32_t virtio_config_read32(struct virtio_device *d, uint32_t offset);
uint64_t virtio_config_read64(struct virtio_device *d, uint32_t offset);

struct virtio_buffer {
    uint64_t address; /* the device's, from env_dma */
    uint32_t bytes;
    bool device_writes;
};

/* A chain in flight, by its head descriptor, in memory that no device can reach. */
struct virtio_chain {
    void *token;       /* NULL: no chain in flight begins here */
    uint32_t writable; /* bytes that the device may write */
    uint16_t tail, count;
};

struct virtio_queue {
    struct virtio_device *device;
    uint16_t index, size, free_count, free_head, available_index, kicked_index, used_index;
    bool event_index;
    volatile struct virtio_descriptor *descriptors;
    volatile struct virtio_available *available;
    volatile struct virtio_used *used;
    struct virtio_chain chains[VIRTIO_QUEUE_MAX];
    uint16_t next[VIRTIO_QUEUE_MAX]; /* the descriptor after one in its chain or in the free list */
};

/* Sets up queue index with at most VIRTIO_QUEUE_MAX descriptors.  0, -ENODEV, -ENOMEM. */
int virtio_queue_init(struct virtio_queue *q, struct virtio_device *d, uint16_t index);
void virtio_queue_free(struct virtio_queue *q); /* after a reset of the device; q may be all zero */

/* Makes a chain of count > 0 buffers available; token, not NULL, comes back from virtio_queue_take.  Those that the
   device writes come last.  -ENOSPC: not enough descriptors.  The chain's head is what free_head was before. */
int virtio_queue_add(struct virtio_queue *q, const struct virtio_buffer *buffers, unsigned count, void *token);
void virtio_queue_kick(struct virtio_queue *q); /* tells the device, if it wants to be told */
/* The same, but only if it has fewer chains than limit: one that has more is not waiting to be told. */
void virtio_queue_kick_below(struct virtio_queue *q, uint16_t limit);

/* The next chain that the device has used: its token, and how many bytes it wrote (never more than it might); NULL
   if none: then the next one will raise an interrupt.  A used entry that names no chain in flight is ignored. */
void *virtio_queue_take(struct virtio_queue *q, uint32_t *written);

/* For drivers that look by themselves, and want an interrupt only when they say so.  The device may raise one all the
   same. */
bool virtio_queue_pending(const struct virtio_queue *q);      /* used entries wait to be taken */
bool virtio_queue_arm(struct virtio_queue *q, uint16_t more); /* interrupt at that many; whether they are there now */
void virtio_queue_disarm(struct virtio_queue *q);             /* no interrupt */
void *virtio_queue_take_quiet(struct virtio_queue *q);        /* as virtio_queue_take, asking for no interrupt */

/* The same for a chain that will be made available again as it is: its descriptors stay its own, and head is what
   free_head was when it was added. */
void *virtio_queue_borrow(struct virtio_queue *q, uint32_t *written);
void virtio_queue_again(struct virtio_queue *q, uint16_t head, void *token);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * fake_virtio.h: the device's side of virtio in a test: a transport without a bus, the rings as the device sees them,
 * and a block device on a disk in memory.  It also plays the home: alloc, env and sched for one thread, where
 * sleeping means that the device does its work and interrupts.
 */
#ifndef TOLL_FAKE_VIRTIO_H
#define TOLL_FAKE_VIRTIO_H

#include "machine/virtio.h"
#include "wire.h"
#include <stddef.h>
#include <stdint.h>

#define FAKE_SECTORS 4096u
#define FAKE_BLOCK_F_SEGMENTS_MAX 2
#define FAKE_BLOCK_F_READ_ONLY 5
#define FAKE_BLOCK_F_BLOCK_BYTES 6
#define FAKE_BLOCK_F_FLUSH 9

struct fake_descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

struct fake_used_entry {
    uint32_t head, bytes;
};

struct fake {
    /* what the device is like: set before it is started */
    uint64_t features;
    uint16_t queue_size;
    uint8_t config[64];
    int no_device, refuses, no_memory;
    /* what was done to it */
    uint64_t accepted;
    uint8_t status;
    unsigned notifies, acks, interrupts, sleeps, irq_depth;
    unsigned counted[WIRE_KINDS]; /* by env_count */
    /* its queue; size 0 until enabled */
    uint16_t size, available_next, used_next;
    struct fake_descriptor *descriptors;
    uint16_t *available; /* flags, index, ring..., used_event */
    uint16_t *used;      /* flags, index, ring of entries..., available_event */
    /* the block device */
    uint8_t *disk;
    unsigned flushes, chains, longest_chain;
    int reply;      /* status that it gives; -1: none at all */
    int last_first; /* finishes the chains that are waiting in reverse order */
};

extern struct fake fake;

void fake_reset(void); /* a fresh block device with every feature and FAKE_SECTORS sectors */
void fake_cleanup(void);

/* A device for tests of the queue alone. */
void fake_device(struct virtio_device *out);

/* Takes the head of the next chain that is available: 1, or 0 if none.  Uses up a chain: tells the driver. */
int fake_pop(uint16_t *head);
void fake_push(uint32_t head, uint32_t bytes);
struct fake_used_entry *fake_used_ring(void);
uint16_t *fake_used_event(void);
uint16_t *fake_available_event(void);

/* The block device serves every chain that is available; then, with interrupt, raises one if the driver asked. */
void fake_serve(int interrupt);

#endif

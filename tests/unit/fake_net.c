/* SPDX-License-Identifier: MIT */
/* fake_net.c: see fake_net.h. */
#include "fake_net.h"
#include "base/errno.h"
#include "host.h"
#include "machine/virtio_transport.h"
#include "nic.h"
#include <stdlib.h>
#include <string.h>

#define CHAIN_NEXT 1
#define CHAIN_WRITE 2
#define HEADER_BYTES 12u

struct fake_net fake_net;

static uint64_t features(struct virtio_device *d)
{
    (void)d;
    return fake_net.features;
}

static void features_accept(struct virtio_device *d, uint64_t accepted)
{
    (void)d;
    fake_net.accepted = accepted;
}

static uint8_t status(struct virtio_device *d)
{
    (void)d;
    return fake_net.status;
}

static void status_set(struct virtio_device *d, uint8_t value)
{
    (void)d;
    fake_net.status = fake_net.refuses ? value & ~8 : value;
}

static uint16_t queue_size(struct virtio_device *d, uint16_t queue)
{
    (void)d;
    return queue < 2 ? fake_net.queue_size[queue] : 0;
}

static void queue_enable(struct virtio_device *d, uint16_t queue, uint16_t size, uint64_t descriptors,
                         uint64_t available, uint64_t used)
{
    (void)d;
    struct fake_net_queue *q = &fake_net.queues[queue];
    *q = (struct fake_net_queue){.size = size};
    q->descriptors = (void *)descriptors;
    q->available = (uint16_t *)available;
    q->used = (uint16_t *)used;
}

static void notify(struct virtio_device *d, uint16_t queue)
{
    (void)d;
    if (!(fake_net.status & 4))
        abort(); /* before DRIVER_OK */
    fake_net.queues[queue].notifies++;
}

static uint8_t config_read8(struct virtio_device *d, uint32_t offset)
{
    (void)d;
    return offset < sizeof fake_net.config ? fake_net.config[offset] : 0;
}

static uint8_t interrupt_ack(struct virtio_device *d)
{
    (void)d;
    fake_net.acks++;
    return 1;
}

static const struct virtio_transport transport = {features,     features_accept, status,       status_set,   queue_size,
                                                  queue_enable, notify,          config_read8, interrupt_ack};

int virtio_mmio_find(enum virtio_type type, unsigned *skip, struct virtio_device *out)
{
    if (type != VIRTIO_NET || *skip || fake_net.no_device)
        return -ENODEV;
    *out = (struct virtio_device){.transport = &transport, .type = VIRTIO_NET, .irq = 7};
    return 0;
}

int virtio_pci_find(enum virtio_type type, unsigned *skip, struct virtio_device *out)
{
    (void)type, (void)skip, (void)out;
    return -ENODEV;
}

void fake_net_reset(void)
{
    static const uint8_t address[] = {0x52, 0x54, 0, 1, 2, 3};
    memset(&fake_net, 0, sizeof fake_net);
    fake_net.features = UINT64_C(1) << VIRTIO_F_VERSION_1 | FAKE_NET_EVENT_IDX | FAKE_NET_F_CSUM |
                        FAKE_NET_F_GUEST_CSUM | FAKE_NET_F_MAC | UINT64_C(0x3ff80) /* offloads and more queues */;
    fake_net.queue_size[0] = fake_net.queue_size[1] = 256;
    fake_net.header.buffers = 1;
    memcpy(fake_net.config, address, sizeof address);
}

static bool has_event(void)
{
    return fake_net.accepted & FAKE_NET_EVENT_IDX;
}

static bool pop(struct fake_net_queue *q, uint16_t *head)
{
    if (!q->size || q->available_next == q->available[1])
        return false;
    *head = q->available[2 + q->available_next++ % q->size];
    if (*head >= q->size)
        abort();
    q->used[2 + 4 * q->size] = q->available_next; /* tell me of the next one */
    return true;
}

unsigned fake_net_waiting(unsigned queue)
{
    struct fake_net_queue *q = &fake_net.queues[queue];
    return (uint16_t)(q->available[1] - q->available_next);
}

void fake_net_claim(unsigned queue, uint32_t head, uint32_t bytes)
{
    struct fake_net_queue *q = &fake_net.queues[queue];
    uint32_t entry[2] = {head, bytes};
    memcpy(q->used + 2 + 4 * (q->used_next++ % q->size), entry, sizeof entry);
    q->used[1] = q->used_next;
}

void fake_net_tell(unsigned queue)
{
    struct fake_net_queue *q = &fake_net.queues[queue];
    uint16_t event = q->available[2 + q->size], old = q->used_told;
    bool asked =
        has_event() ? (uint16_t)(q->used_next - event - 1) < (uint16_t)(q->used_next - old) : !(q->available[0] & 1);
    q->used_told = q->used_next;
    if (asked && old != q->used_next) {
        fake_net.interrupts++;
        host_env_interrupt();
    }
}

bool fake_net_deliver(const void *frame, size_t bytes)
{
    struct fake_net_queue *q = &fake_net.queues[0];
    uint16_t head;
    if (!pop(q, &head))
        return false;
    if (q->descriptors[head].flags != CHAIN_WRITE || q->descriptors[head].bytes < HEADER_BYTES + NIC_FRAME_MAX)
        abort();
    uint8_t *to = (uint8_t *)q->descriptors[head].address;
    memcpy(to, &fake_net.header, HEADER_BYTES);
    memcpy(to + HEADER_BYTES, frame, bytes);
    fake_net_claim(0, head, HEADER_BYTES + (uint32_t)bytes);
    fake_net_tell(0);
    return true;
}

int fake_net_take(struct fake_net_header *header, uint8_t *frame, size_t *bytes)
{
    struct fake_net_queue *q = &fake_net.queues[1];
    uint16_t head;
    if (!pop(q, &head))
        return -1;
    unsigned at = head, n = 0;
    *bytes = 0;
    if (q->descriptors[at].bytes != HEADER_BYTES || q->descriptors[at].flags != CHAIN_NEXT)
        abort();
    memcpy(header, (void *)q->descriptors[at].address, HEADER_BYTES);
    do {
        at = q->descriptors[at].next;
        if (at >= q->size || n++ == q->size || q->descriptors[at].flags & ~CHAIN_NEXT ||
            *bytes + q->descriptors[at].bytes > NIC_FRAME_MAX)
            abort();
        memcpy(frame + *bytes, (void *)q->descriptors[at].address, q->descriptors[at].bytes);
        *bytes += q->descriptors[at].bytes;
    } while (q->descriptors[at].flags & CHAIN_NEXT);
    return head;
}

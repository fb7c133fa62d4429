/* SPDX-License-Identifier: MIT */
/*
 * virtio.c: what is the same for a virtio device on any bus: finding it, and the life of its status byte
 * (specification 1.1, sections 2.1 and 3.1.1):
 *
 *      reset -> ACKNOWLEDGE -> DRIVER -> features -> FEATURES_OK -> queues -> DRIVER_OK
 *
 * virtio_start goes as far as FEATURES_OK, the driver sets up its queues, virtio_ready does the rest.
 */
#include "machine/virtio.h"
#include "base/errno.h"
#include "machine/virtio_transport.h"

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, FAILED = 128 };

#define RESET_TRIES 100000
#define CONFIG_TRIES 4

int virtio_find(enum virtio_type type, unsigned index, struct virtio_device *out)
{
    unsigned skip = index;
    if (virtio_mmio_find(type, &skip, out) == 0)
        return 0;
    return virtio_pci_find(type, &skip, out);
}

static int reset(struct virtio_device *d)
{
    d->transport->status_set(d, 0);
    for (unsigned i = 0; i < RESET_TRIES; i++)
        if (d->transport->status(d) == 0)
            return 0;
    return -ENODEV;
}

int virtio_start(struct virtio_device *d, uint64_t wanted)
{
    const struct virtio_transport *t = d->transport;
    int error = reset(d);
    if (error)
        return error;
    t->status_set(d, ACKNOWLEDGE);
    t->status_set(d, ACKNOWLEDGE | DRIVER);
    uint64_t version_1 = UINT64_C(1) << VIRTIO_F_VERSION_1;
    d->features = t->features(d) & (wanted | version_1);
    if (d->features & version_1) {
        t->features_accept(d, d->features);
        t->status_set(d, ACKNOWLEDGE | DRIVER | FEATURES_OK);
        if (t->status(d) & FEATURES_OK)
            return 0;
    }
    t->status_set(d, FAILED);
    return -ENODEV;
}

void virtio_ready(struct virtio_device *d)
{
    d->transport->status_set(d, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

static uint64_t config_read(struct virtio_device *d, uint32_t offset, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)d->transport->config_read8(d, offset + i) << (8 * i);
    return value;
}

/* The device may change a field between two reads of its bytes, so read until two readings agree. */
static uint64_t config_read_stable(struct virtio_device *d, uint32_t offset, unsigned bytes)
{
    uint64_t value = config_read(d, offset, bytes);
    for (unsigned i = 0; i < CONFIG_TRIES; i++) {
        uint64_t again = config_read(d, offset, bytes);
        if (again == value)
            break;
        value = again;
    }
    return value;
}

uint32_t virtio_config_read32(struct virtio_device *d, uint32_t offset)
{
    return (uint32_t)config_read_stable(d, offset, 4);
}

uint64_t virtio_config_read64(struct virtio_device *d, uint32_t offset)
{
    return config_read_stable(d, offset, 8);
}

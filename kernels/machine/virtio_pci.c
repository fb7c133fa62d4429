/* SPDX-License-Identifier: MIT */
/*
 * virtio_pci.c: virtio devices on PCI bus 0 with the modern interface (specification 1.1, section 4.1): vendor
 * capabilities say where in the device's memory (its BARs) the registers are.
 *
 * Interrupts come through MSI-X, one vector for all queues of a device, none for configuration changes.  A device
 * without MSI-X is not taken: the lines of PCI need tables of the firmware that nothing else here needs.
 */
#include "base/errno.h"
#include "machine/bus.h"
#include "machine/bus_bar.h"
#include "machine/virtio_transport.h"

#define VENDOR_VIRTIO 0x1af4u
#define DEVICE_MODERN 0x1040u       /* + type */
#define DEVICE_TRANSITIONAL 0x0fffu /* + type, right for net and blk */

#define PCI_DEVICES 32
#define PCI_COMMAND 0x04
#define PCI_CAPABILITIES 0x34
#define PCI_CAPABILITIES_MAX 48
#define CAP_VENDOR 0x09
#define CAP_MSIX 0x11

#define COMMAND_MEMORY 0x2u
#define COMMAND_MASTER 0x4u
#define COMMAND_NO_LINE 0x400u
#define STATUS_CAPABILITIES 0x100000u

#define MSIX_ENABLE 0x80000000u
#define MSIX_MASK_ALL 0x40000000u

enum { STRUCTURE_COMMON = 1, STRUCTURE_NOTIFY = 2, STRUCTURE_ISR = 3, STRUCTURE_DEVICE = 4 };

/* Fields of the common structure. */
enum {
    COMMON_DEVICE_FEATURE_SELECT = 0x00,
    COMMON_DEVICE_FEATURE = 0x04,
    COMMON_DRIVER_FEATURE_SELECT = 0x08,
    COMMON_DRIVER_FEATURE = 0x0c,
    COMMON_STATUS = 0x14,
    COMMON_QUEUE_SELECT = 0x16,
    COMMON_QUEUE_SIZE = 0x18,
    COMMON_QUEUE_VECTOR = 0x1a,
    COMMON_QUEUE_ENABLE = 0x1c,
    COMMON_QUEUE_NOTIFY_OFFSET = 0x1e,
    COMMON_QUEUE_DESCRIPTORS = 0x20,
    COMMON_QUEUE_AVAILABLE = 0x28,
    COMMON_QUEUE_USED = 0x30,
    COMMON_BYTES = 0x38,
};

static unsigned msi_next; /* message-signalled interrupts that have been given out */

static volatile uint16_t *common16(struct virtio_device *d, unsigned offset)
{
    return (volatile uint16_t *)(d->registers + offset);
}

static volatile uint32_t *common32(struct virtio_device *d, unsigned offset)
{
    return (volatile uint32_t *)(d->registers + offset);
}

static void common_write64(struct virtio_device *d, unsigned offset, uint64_t value)
{
    *common32(d, offset) = (uint32_t)value;
    *common32(d, offset + 4) = (uint32_t)(value >> 32);
}

static uint64_t pci_features(struct virtio_device *d)
{
    *common32(d, COMMON_DEVICE_FEATURE_SELECT) = 1;
    uint64_t high = *common32(d, COMMON_DEVICE_FEATURE);
    *common32(d, COMMON_DEVICE_FEATURE_SELECT) = 0;
    return high << 32 | *common32(d, COMMON_DEVICE_FEATURE);
}

static void pci_features_accept(struct virtio_device *d, uint64_t features)
{
    *common32(d, COMMON_DRIVER_FEATURE_SELECT) = 1;
    *common32(d, COMMON_DRIVER_FEATURE) = (uint32_t)(features >> 32);
    *common32(d, COMMON_DRIVER_FEATURE_SELECT) = 0;
    *common32(d, COMMON_DRIVER_FEATURE) = (uint32_t)features;
}

static uint8_t pci_status(struct virtio_device *d)
{
    return d->registers[COMMON_STATUS];
}

static void pci_status_set(struct virtio_device *d, uint8_t status)
{
    d->registers[COMMON_STATUS] = status;
}

static uint16_t pci_queue_size(struct virtio_device *d, uint16_t queue)
{
    *common16(d, COMMON_QUEUE_SELECT) = queue;
    return *common16(d, COMMON_QUEUE_SIZE);
}

static void pci_queue_enable(struct virtio_device *d, uint16_t queue, uint16_t size, uint64_t descriptors,
                             uint64_t available, uint64_t used)
{
    *common16(d, COMMON_QUEUE_SELECT) = queue;
    *common16(d, COMMON_QUEUE_SIZE) = size;
    *common16(d, COMMON_QUEUE_VECTOR) = 0;
    common_write64(d, COMMON_QUEUE_DESCRIPTORS, descriptors);
    common_write64(d, COMMON_QUEUE_AVAILABLE, available);
    common_write64(d, COMMON_QUEUE_USED, used);
    uint32_t offset = *common16(d, COMMON_QUEUE_NOTIFY_OFFSET) * d->notify_multiplier;
    d->notify_offset[queue] = offset + sizeof(uint16_t) <= d->notify_bytes ? offset : 0;
    *common16(d, COMMON_QUEUE_ENABLE) = 1;
}

static void pci_notify(struct virtio_device *d, uint16_t queue)
{
    *(volatile uint16_t *)(d->notify_base + d->notify_offset[queue]) = queue;
}

static uint8_t pci_config_read8(struct virtio_device *d, uint32_t offset)
{
    return d->config[offset];
}

/* A message needs no acknowledgement, and the only cause that sends one is a used buffer. */
static uint8_t pci_interrupt_ack(struct virtio_device *d)
{
    (void)d;
    return 1;
}

static const struct virtio_transport pci_transport = {
    .features = pci_features,
    .features_accept = pci_features_accept,
    .status = pci_status,
    .status_set = pci_status_set,
    .queue_size = pci_queue_size,
    .queue_enable = pci_queue_enable,
    .notify = pci_notify,
    .config_read8 = pci_config_read8,
    .interrupt_ack = pci_interrupt_ack,
};

/* One vendor capability: maps the structure that it describes. */
static void structure_map(unsigned device, unsigned at, struct virtio_device *out)
{
    unsigned kind = bus_pci_read(0, device, 0, at) >> 24;
    unsigned bar = bus_pci_read(0, device, 0, at + 4) & 0xff;
    uint32_t offset = bus_pci_read(0, device, 0, at + 8);
    uint32_t bytes = bus_pci_read(0, device, 0, at + 12);
    if (kind == STRUCTURE_COMMON && !out->registers && bytes >= COMMON_BYTES) {
        out->registers = bus_bar_map(device, bar, offset, bytes);
    } else if (kind == STRUCTURE_NOTIFY && !out->notify_base && bytes >= sizeof(uint16_t)) {
        out->notify_multiplier = bus_pci_read(0, device, 0, at + 16);
        out->notify_bytes = bytes;
        out->notify_base = bus_bar_map(device, bar, offset, bytes);
    } else if (kind == STRUCTURE_ISR && !out->isr) {
        out->isr = bus_bar_map(device, bar, offset, bytes);
    } else if (kind == STRUCTURE_DEVICE && !out->config) {
        out->config = bus_bar_map(device, bar, offset, bytes);
    }
}

/* Directs vector 0 of the device to a fresh message-signalled interrupt. */
static int msix_enable(unsigned device, unsigned at, struct virtio_device *out)
{
    uint32_t where = bus_pci_read(0, device, 0, at + 4);
    volatile uint32_t *entry = (volatile uint32_t *)bus_bar_map(device, where & 7, where & ~7u, 16);
    if (!entry || msi_next == IRQ_MSI_MAX)
        return -ENODEV;
    uint64_t address;
    uint32_t data;
    bus_msi_target(msi_next, &address, &data);
    out->irq = IRQ_MSI(msi_next++);
    uint32_t control = bus_pci_read(0, device, 0, at);
    bus_pci_write(0, device, 0, at, (control & ~MSIX_MASK_ALL) | MSIX_ENABLE);
    entry[0] = (uint32_t)address;
    entry[1] = (uint32_t)(address >> 32);
    entry[2] = data;
    entry[3] = 0;
    return 0;
}

static int probe(unsigned device, struct virtio_device *out)
{
    *out = (struct virtio_device){.transport = &pci_transport};
    if (!(bus_pci_read(0, device, 0, PCI_COMMAND) & STATUS_CAPABILITIES))
        return -ENODEV;
    uint32_t command = bus_pci_read(0, device, 0, PCI_COMMAND) & 0xffff;
    bus_pci_write(0, device, 0, PCI_COMMAND, command & ~COMMAND_MEMORY);
    unsigned msix = 0;
    unsigned at = bus_pci_read(0, device, 0, PCI_CAPABILITIES) & 0xfc;
    for (unsigned i = 0; at && i < PCI_CAPABILITIES_MAX; i++) {
        uint32_t capability = bus_pci_read(0, device, 0, at);
        if ((capability & 0xff) == CAP_VENDOR)
            structure_map(device, at, out);
        else if ((capability & 0xff) == CAP_MSIX)
            msix = at;
        at = capability >> 8 & 0xfc;
    }
    bus_pci_write(0, device, 0, PCI_COMMAND, command | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_LINE);
    if (!out->registers || !out->notify_base || !out->isr || !out->config || !msix)
        return -ENODEV;
    return msix_enable(device, msix, out);
}

int virtio_pci_find(enum virtio_type type, unsigned *skip, struct virtio_device *out)
{
    if (!bus_has_pci())
        return -ENODEV;
    for (unsigned device = 0; device < PCI_DEVICES; device++) {
        uint32_t id = bus_pci_read(0, device, 0, 0);
        unsigned model = id >> 16;
        if ((id & 0xffff) != VENDOR_VIRTIO || (model != DEVICE_MODERN + type && model != DEVICE_TRANSITIONAL + type))
            continue;
        if (*skip) {
            --*skip;
            continue;
        }
        if (probe(device, out) == 0) {
            out->type = type;
            return 0;
        }
    }
    return -ENODEV;
}

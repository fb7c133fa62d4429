/* SPDX-License-Identifier: MIT */
/*
 * device.c: finds the first virtio device of a type and where its registers are, and does for it what its driver may
 * not do by itself: on PCI, giving it addresses and its interrupt.
 */
#include "micro/device.h"
#include "alloc.h"
#include "machine/bus.h"
#include "machine/bus_bar.h"
#include "machine/layout.h"
#include "machine/virtio.h"

#define MMIO_BYTES 512
#define PCI_DEVICES 32
#define PCI_COMMAND 0x04
#define PCI_BAR(n) (0x10 + 4 * (n))
#define PCI_BARS 6
#define PCI_CAPABILITIES 0x34
#define CAPABILITIES_MAX 48
#define CAP_MSIX 0x11
#define COMMAND_MEMORY 2u
#define BAR_IO 1u
#define BAR_WIDTH 6u
#define BAR_WIDE 4u
#define BAR_FLAGS 15u
#define MODERN(type) (0x10401af4u + ((unsigned)(type) << 16))
#define TRANSITIONAL(type) (0x0fff1af4u + ((unsigned)(type) << 16))

static void registers_add(struct device *d, uint64_t physical, uint64_t bytes)
{
    if (d->count == DOMAIN_DEVICES_MAX || bytes > DOMAIN_DEVICE_STRIDE - PAGE_BYTES)
        return;
    d->registers[d->count].physical = physical;
    d->registers[d->count++].bytes = bytes;
}

static uint32_t config_read(const struct device *d, unsigned offset)
{
    return bus_pci_read(0, d->number, 0, offset);
}

static void config_write(const struct device *d, unsigned offset, uint32_t value)
{
    bus_pci_write(0, d->number, 0, offset, value);
}

/* The bytes that base address register n describes, 0 if none of memory. */
static uint32_t bar_bytes(const struct device *d, unsigned n)
{
    uint32_t old = config_read(d, PCI_BAR(n)), mask;

    if (old & BAR_IO)
        return 0;
    config_write(d, PCI_BAR(n), UINT32_MAX);
    mask = config_read(d, PCI_BAR(n)) & ~BAR_FLAGS;
    config_write(d, PCI_BAR(n), old);
    return -mask;
}

static void bars_find(struct device *d)
{
    for (unsigned n = 0; n < PCI_BARS; n++) {
        uint32_t bytes = bar_bytes(d, n);
        volatile uint8_t *mapped = bytes ? bus_bar_map(d->number, n, 0, 1) : NULL;
        if (mapped)
            registers_add(d, (uint64_t)mapped - DEVICE_BASE, bytes);
        if (bytes && (config_read(d, PCI_BAR(n)) & BAR_WIDTH) == BAR_WIDE)
            n++;
    }
}

static void msix_find(struct device *d)
{
    unsigned at = config_read(d, PCI_CAPABILITIES) & 0xfc;

    for (unsigned i = 0; at && i < CAPABILITIES_MAX; i++) {
        uint32_t capability = config_read(d, at);
        if ((capability & 0xff) == CAP_MSIX)
            d->msix = at;
        at = capability >> 8 & 0xfc;
    }
}

/* Which of bus 0's devices it was that virtio_find has found. */
static void pci_find(struct device *d, enum virtio_type type)
{
    uint32_t command, id;

    for (d->number = 0; d->number < PCI_DEVICES; d->number++) {
        id = config_read(d, 0);
        if (id == MODERN(type) || id == TRANSITIONAL(type))
            break;
    }
    d->pci = true;
    command = config_read(d, PCI_COMMAND) & 0xffff;
    config_write(d, PCI_COMMAND, command & ~COMMAND_MEMORY);
    bars_find(d);
    config_write(d, PCI_COMMAND, command);
    msix_find(d);
}

const struct device *device_find(enum virtio_type type)
{
    static struct device devices[DOMAIN_GIVEN_MAX];
    static unsigned found;
    struct virtio_device v;
    struct device *d = &devices[found];

    if (found == DOMAIN_GIVEN_MAX || virtio_find(type, 0, &v) < 0)
        return NULL;
    found++;
    d->line = v.irq;
    if (v.irq >= IRQ_MSI_BASE)
        pci_find(d, type);
    else
        registers_add(d, (uint64_t)v.registers - DEVICE_BASE, MMIO_BYTES);
    return d;
}

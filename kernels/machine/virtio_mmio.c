/* SPDX-License-Identifier: MIT */
/*
 * virtio_mmio.c: virtio devices whose registers lie in memory (specification 1.1, section 4.2).  The bus cannot be
 * searched: the command line announces each device as
 *
 *      virtio_mmio.device=BYTES@ADDRESS:IRQ
 *
 * Only the modern register layout (version 2) is known.  QEMU shows it with -global virtio-mmio.force-legacy=false.
 */
#include "base/errno.h"
#include "env.h"
#include "machine/bus.h"
#include "machine/virtio_transport.h"

#define MAGIC 0x74726976u /* "virt" */
#define VERSION_MODERN 2
#define CONFIG_OFFSET 0x100u

enum {
    REG_MAGIC = 0x00,
    REG_VERSION = 0x04,
    REG_DEVICE_ID = 0x08,
    REG_DEVICE_FEATURES = 0x10,
    REG_DEVICE_FEATURES_SELECT = 0x14,
    REG_DRIVER_FEATURES = 0x20,
    REG_DRIVER_FEATURES_SELECT = 0x24,
    REG_QUEUE_SELECT = 0x30,
    REG_QUEUE_SIZE_MAX = 0x34,
    REG_QUEUE_SIZE = 0x38,
    REG_QUEUE_READY = 0x44,
    REG_QUEUE_NOTIFY = 0x50,
    REG_INTERRUPT_STATUS = 0x60,
    REG_INTERRUPT_ACK = 0x64,
    REG_STATUS = 0x70,
    REG_QUEUE_DESCRIPTORS = 0x80,
    REG_QUEUE_AVAILABLE = 0x90,
    REG_QUEUE_USED = 0xa0,
};

static uint32_t reg_read(struct virtio_device *d, unsigned offset)
{
    return *(volatile uint32_t *)(d->registers + offset);
}

static void reg_write(struct virtio_device *d, unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(d->registers + offset) = value;
}

static void reg_write64(struct virtio_device *d, unsigned offset, uint64_t value)
{
    reg_write(d, offset, (uint32_t)value);
    reg_write(d, offset + 4, (uint32_t)(value >> 32));
}

static uint64_t mmio_features(struct virtio_device *d)
{
    reg_write(d, REG_DEVICE_FEATURES_SELECT, 1);
    uint64_t high = reg_read(d, REG_DEVICE_FEATURES);
    reg_write(d, REG_DEVICE_FEATURES_SELECT, 0);
    return high << 32 | reg_read(d, REG_DEVICE_FEATURES);
}

static void mmio_features_accept(struct virtio_device *d, uint64_t features)
{
    reg_write(d, REG_DRIVER_FEATURES_SELECT, 1);
    reg_write(d, REG_DRIVER_FEATURES, (uint32_t)(features >> 32));
    reg_write(d, REG_DRIVER_FEATURES_SELECT, 0);
    reg_write(d, REG_DRIVER_FEATURES, (uint32_t)features);
}

static uint8_t mmio_status(struct virtio_device *d)
{
    return (uint8_t)reg_read(d, REG_STATUS);
}

static void mmio_status_set(struct virtio_device *d, uint8_t status)
{
    reg_write(d, REG_STATUS, status);
}

static uint16_t mmio_queue_size(struct virtio_device *d, uint16_t queue)
{
    reg_write(d, REG_QUEUE_SELECT, queue);
    uint32_t size = reg_read(d, REG_QUEUE_SIZE_MAX);
    return size < UINT16_MAX ? (uint16_t)size : UINT16_MAX;
}

static void mmio_queue_enable(struct virtio_device *d, uint16_t queue, uint16_t size, uint64_t descriptors,
                              uint64_t available, uint64_t used)
{
    reg_write(d, REG_QUEUE_SELECT, queue);
    reg_write(d, REG_QUEUE_SIZE, size);
    reg_write64(d, REG_QUEUE_DESCRIPTORS, descriptors);
    reg_write64(d, REG_QUEUE_AVAILABLE, available);
    reg_write64(d, REG_QUEUE_USED, used);
    reg_write(d, REG_QUEUE_READY, 1);
}

static void mmio_notify(struct virtio_device *d, uint16_t queue)
{
    reg_write(d, REG_QUEUE_NOTIFY, queue);
}

static uint8_t mmio_config_read8(struct virtio_device *d, uint32_t offset)
{
    return d->config[offset];
}

static uint8_t mmio_interrupt_ack(struct virtio_device *d)
{
    uint32_t cause = reg_read(d, REG_INTERRUPT_STATUS);
    reg_write(d, REG_INTERRUPT_ACK, cause);
    return (uint8_t)cause;
}

static const struct virtio_transport mmio_transport = {
    .features = mmio_features,
    .features_accept = mmio_features_accept,
    .status = mmio_status,
    .status_set = mmio_status_set,
    .queue_size = mmio_queue_size,
    .queue_enable = mmio_queue_enable,
    .notify = mmio_notify,
    .config_read8 = mmio_config_read8,
    .interrupt_ack = mmio_interrupt_ack,
};

/* A number, decimal or hexadecimal with 0x, with the K, M or G that the announcement's size may end in. */
static uint64_t read_number(const char **text)
{
    const char *at = *text;
    uint64_t value = 0;
    unsigned base = 10;
    if (at[0] == '0' && (at[1] | 0x20) == 'x') {
        base = 16;
        at += 2;
    }
    for (;; at++) {
        unsigned digit = (unsigned char)*at;
        if (digit >= '0' && digit <= '9')
            digit -= '0';
        else if (base == 16 && (digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            digit = (digit | 0x20) - 'a' + 10;
        else
            break;
        value = value * base + digit;
    }
    for (const char *unit = "KMG"; *unit; unit++)
        if ((*at & ~0x20) == *unit) {
            value <<= 10 * (unit - "KMG" + 1);
            at++;
            break;
        }
    *text = at;
    return value;
}

static int probe(const char *word, struct virtio_device *out)
{
    uint64_t bytes = read_number(&word);
    if (*word++ != '@')
        return -ENODEV;
    uint64_t address = read_number(&word);
    if (*word++ != ':' || bytes < CONFIG_OFFSET)
        return -ENODEV;
    uint64_t line = read_number(&word);
    *out = (struct virtio_device){.transport = &mmio_transport, .irq = IRQ_GSI((uint32_t)line)};
    out->registers = bus_map(address, bytes);
    if (!out->registers || reg_read(out, REG_MAGIC) != MAGIC || reg_read(out, REG_DEVICE_ID) == 0)
        return -ENODEV;
    if (reg_read(out, REG_VERSION) != VERSION_MODERN) {
        env_log("virtio-mmio: the device at 0x%lx is a legacy one (QEMU: -global virtio-mmio.force-legacy=false)",
                address);
        return -ENODEV;
    }
    out->config = out->registers + CONFIG_OFFSET;
    out->type = (enum virtio_type)reg_read(out, REG_DEVICE_ID);
    return 0;
}

int virtio_mmio_find(enum virtio_type type, unsigned *skip, struct virtio_device *out)
{
    static const char announcement[] = "virtio_mmio.device=";
    const char *word;
    for (unsigned i = 0; (word = bus_command_line(announcement, i)); i++) {
        if (probe(word + sizeof announcement - 1, out) || out->type != type)
            continue;
        if (*skip == 0)
            return 0;
        --*skip;
    }
    return -ENODEV;
}

/* SPDX-License-Identifier: MIT */
/*
 * fake_virtio.c: see fake_virtio.h.  The layout of the rings is written down here a second time, from the
 * specification (1.1, sections 2.6 and 5.2), so that the driver is not tested against itself.
 */
#include "fake_virtio.h"
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "machine/virtio_transport.h"
#include "sched.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 8
#define CHAIN_NEXT 1
#define CHAIN_WRITE 2

struct fake fake;

static void *pages[PAGES_MAX];
static unsigned page_count;
static void (*irq_handler)(void *arg);
static void *irq_arg;

/* The transport. */
static uint64_t features(struct virtio_device *d)
{
    (void)d;
    return fake.features;
}

static void features_accept(struct virtio_device *d, uint64_t accepted)
{
    (void)d;
    fake.accepted = accepted;
}

static uint8_t status(struct virtio_device *d)
{
    (void)d;
    return fake.status;
}

static void status_set(struct virtio_device *d, uint8_t value)
{
    (void)d;
    fake.status = fake.refuses ? value & ~8 : value;
}

static uint16_t queue_size(struct virtio_device *d, uint16_t queue)
{
    (void)d;
    return queue == 0 ? fake.queue_size : 0;
}

static void queue_enable(struct virtio_device *d, uint16_t queue, uint16_t size, uint64_t descriptors,
                         uint64_t available, uint64_t used)
{
    (void)d, (void)queue;
    fake.size = size;
    fake.descriptors = (struct fake_descriptor *)descriptors;
    fake.available = (uint16_t *)available;
    fake.used = (uint16_t *)used;
    fake.available_next = fake.used_next = 0;
}

static void notify(struct virtio_device *d, uint16_t queue)
{
    (void)d, (void)queue;
    fake.notifies++;
}

static uint8_t config_read8(struct virtio_device *d, uint32_t offset)
{
    (void)d;
    return fake.config[offset];
}

static uint8_t interrupt_ack(struct virtio_device *d)
{
    (void)d;
    fake.acks++;
    return 1;
}

static const struct virtio_transport transport = {features,     features_accept, status,       status_set,   queue_size,
                                                  queue_enable, notify,          config_read8, interrupt_ack};

void fake_device(struct virtio_device *out)
{
    *out = (struct virtio_device){.transport = &transport, .type = VIRTIO_BLK, .irq = 7};
}

int virtio_mmio_find(enum virtio_type type, unsigned *skip, struct virtio_device *out)
{
    if (type != VIRTIO_BLK || *skip || fake.no_device)
        return -ENODEV;
    fake_device(out);
    return 0;
}

int virtio_pci_find(enum virtio_type type, unsigned *skip, struct virtio_device *out)
{
    (void)type, (void)skip, (void)out;
    return -ENODEV;
}

void fake_reset(void)
{
    uint64_t sectors = FAKE_SECTORS;
    uint32_t segments = 126, block = 512;
    fake_cleanup();
    fake.features = UINT64_C(1) << VIRTIO_F_VERSION_1 | UINT64_C(1) << VIRTIO_F_EVENT_IDX |
                    1u << FAKE_BLOCK_F_SEGMENTS_MAX | 1u << FAKE_BLOCK_F_BLOCK_BYTES | 1u << FAKE_BLOCK_F_FLUSH | 1;
    fake.queue_size = 256;
    memcpy(fake.config, &sectors, sizeof sectors);
    memcpy(fake.config + 12, &segments, sizeof segments);
    memcpy(fake.config + 20, &block, sizeof block);
    fake.disk = calloc(FAKE_SECTORS, 512);
}

void fake_cleanup(void)
{
    while (page_count)
        free(pages[--page_count]);
    free(fake.disk);
    memset(&fake, 0, sizeof fake);
    irq_handler = NULL;
}

/* The rings. */
struct fake_used_entry *fake_used_ring(void)
{
    return (struct fake_used_entry *)(fake.used + 2);
}

uint16_t *fake_used_event(void)
{
    return fake.available + 2 + fake.size;
}

uint16_t *fake_available_event(void)
{
    return (uint16_t *)(fake_used_ring() + fake.size);
}

int fake_pop(uint16_t *head)
{
    if (fake.available_next == fake.available[1])
        return 0;
    *head = fake.available[2 + fake.available_next++ % fake.size];
    *fake_available_event() = fake.available_next;
    return 1;
}

void fake_push(uint32_t head, uint32_t bytes)
{
    fake_used_ring()[fake.used_next++ % fake.size] = (struct fake_used_entry){head, bytes};
    fake.used[1] = fake.used_next;
}

/* The block device: moves one segment of a chain to or from the disk, checking that the disk has it. */
static int move(uint32_t type, uint64_t *at, const struct fake_descriptor *data)
{
    int writes = data->flags & CHAIN_WRITE;
    if (type > 1 || *at + data->bytes > FAKE_SECTORS * 512u || !writes != (type == 1))
        abort();
    void *memory = (void *)data->address;
    if (writes)
        memcpy(memory, fake.disk + *at, data->bytes);
    else
        memcpy(fake.disk + *at, memory, data->bytes);
    *at += data->bytes;
    return writes ? (int)data->bytes : 0;
}

static void serve_chain(uint16_t head)
{
    const struct fake_descriptor *d = &fake.descriptors[head];
    const uint32_t *header = (const uint32_t *)d->address;
    uint64_t at = 0;
    uint32_t written = 0;
    unsigned length = 1;
    memcpy(&at, header + 2, sizeof at);
    at *= 512;
    if (d->bytes != 16 || d->flags != CHAIN_NEXT)
        abort();
    for (d = &fake.descriptors[d->next], length++; d->flags & CHAIN_NEXT; d = &fake.descriptors[d->next], length++)
        written += (uint32_t)move(header[0], &at, d);
    if (d->bytes != 1 || !(d->flags & CHAIN_WRITE))
        abort();
    fake.flushes += header[0] == 4;
    fake.chains++;
    fake.longest_chain = length > fake.longest_chain ? length : fake.longest_chain;
    if (fake.reply >= 0)
        *(uint8_t *)d->address = (uint8_t)fake.reply;
    fake_push(head, written + 1);
}

void fake_serve(int interrupt)
{
    uint16_t heads[VIRTIO_QUEUE_MAX], old = fake.used_next;
    unsigned count = 0;
    while (fake_pop(&heads[count]))
        count++;
    for (unsigned i = 0; i < count; i++)
        serve_chain(heads[fake.last_first ? count - 1 - i : i]);
    int asked = !(fake.accepted >> VIRTIO_F_EVENT_IDX & 1) ||
                (uint16_t)(fake.used_next - *fake_used_event() - 1) < (uint16_t)(fake.used_next - old);
    if (interrupt && count && asked) {
        fake.interrupts++;
        irq_handler(irq_arg);
    }
}

/* The home. */
void *alloc_page_zeroed(void)
{
    if (fake.no_memory || page_count == PAGES_MAX)
        return NULL;
    void *page = aligned_alloc(PAGE_BYTES, PAGE_BYTES);
    pages[page_count++] = page;
    return memset(page, 0, PAGE_BYTES);
}

void alloc_page_free(void *page)
{
    (void)page; /* with the others, by fake_cleanup */
}

uint64_t env_dma(const void *p)
{
    return (uint64_t)p;
}

void env_count(uint32_t kind)
{
    fake.counted[kind]++;
}

uint64_t env_irq_save(void)
{
    return fake.irq_depth++;
}

void env_irq_restore(uint64_t saved)
{
    fake.irq_depth = (unsigned)saved;
}

int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    if (irq != 7 || irq_handler)
        return -EBUSY;
    irq_handler = handler;
    irq_arg = arg;
    return 0;
}

void sched_waitq_init(struct waitq *q)
{
    list_init(&q->threads);
}

/* The only way to sleep that a disk may use: it is not ended by a kill. */
void sched_wait_always(struct waitq *q)
{
    (void)q;
    if (!fake.irq_depth || fake.sleeps++ > 1000000)
        abort();
    fake_serve(1);
}

void sched_wake(struct waitq *q, unsigned n)
{
    (void)q, (void)n;
}

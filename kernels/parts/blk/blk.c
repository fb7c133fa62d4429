/* SPDX-License-Identifier: MIT */
/*
 * blk.c: the disk driver for a virtio block device (specification 1.1, section 5.2).
 *
 * A request becomes one chain: a header, the data's segments, a status byte.  Header and status live in a slot of
 * a page that is shared with the device, and the slot's number is that of the chain's first descriptor, so that
 * whoever gets descriptors has a slot too, and nothing is allocated per request.
 *
 *      blk_submit: fill slot, add chain, kick        (sleeps on room while there are too few descriptors)
 *      interrupt:  take chains, store status, wake   (the only place where requests become done)
 *      blk_wait:   sleep until done
 *
 * The device is believed in one thing only, its status byte; a missing or unknown status is an error.  A device
 * that takes fewer segments in a chain than blk.h allows gets a request in pieces, one after the other.
 *
 * A thread that was killed waits all the same: the memory of a request in flight must not be given back to anyone.
 */
#include "blk.h"
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "machine/virtio.h"
#include "sched.h"
#include "wire.h"

#define BIT(n) (UINT64_C(1) << (n))

/* Feature bits and offsets of fields in the configuration space. */
enum { F_SEGMENTS_MAX = 2, F_READ_ONLY = 5, F_BLOCK_BYTES = 6, F_FLUSH = 9 };
enum { CONFIG_SECTORS = 0, CONFIG_SEGMENTS_MAX = 12, CONFIG_BLOCK_BYTES = 20 };

enum { TYPE_READ = 0, TYPE_WRITE = 1, TYPE_FLUSH = 4 };
enum { STATUS_OK = 0, STATUS_NONE = 0xff };

_Static_assert(WIRE_DISK_READ + BLK_WRITE == WIRE_DISK_WRITE && WIRE_DISK_READ + BLK_FLUSH == WIRE_DISK_FLUSH,
               "the books are in the order of enum blk_op");

#define HEADER_BYTES 16u
#define CHAIN_EXTRA 2u /* header and status */

struct slot {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
    uint8_t status;
    uint8_t padding[15];
};
_Static_assert(sizeof(struct slot) * VIRTIO_QUEUE_MAX <= PAGE_BYTES, "the slots fit a page");

/* A chain in flight; its place in disk.flights is that of its slot. */
struct flight {
    struct blk_request *request;
};

static struct {
    struct virtio_device device;
    struct virtio_queue queue;
    volatile struct slot *slots;
    uint64_t slots_dma;
    struct flight flights[VIRTIO_QUEUE_MAX];
    struct waitq room;
    uint64_t sectors;
    uint32_t segments_max;
    uint32_t sector_mask; /* of sectors in a block of the device */
} disk;

/* Also called with interrupts off by threads that cannot sleep. */
static void complete_irq(void)
{
    struct flight *flight;
    uint32_t written;
    bool any = false;
    while ((flight = virtio_queue_take(&disk.queue, &written))) {
        struct blk_request *request = flight->request;
        bool ok = disk.slots[flight - disk.flights].status == STATUS_OK;
        request->status = ok ? 0 : -EIO;
        request->done = true;
        sched_wake(&request->waiters, UINT32_MAX);
        any = true;
    }
    if (any && !list_empty(&disk.room.threads))
        sched_wake(&disk.room, UINT32_MAX);
}

static void interrupt(void *arg)
{
    (void)arg;
    disk.device.transport->interrupt_ack(&disk.device);
    complete_irq();
}

static int read_config(void)
{
    struct virtio_device *d = &disk.device;
    uint32_t block_bytes = BLK_SECTOR_BYTES;
    if (d->features & BIT(F_BLOCK_BYTES))
        block_bytes = virtio_config_read32(d, CONFIG_BLOCK_BYTES);
    if (block_bytes < BLK_SECTOR_BYTES || block_bytes > PAGE_BYTES || (block_bytes & (block_bytes - 1)))
        return -EIO;
    disk.sector_mask = block_bytes / BLK_SECTOR_BYTES - 1;
    if (disk.queue.size <= CHAIN_EXTRA)
        return -EIO;
    disk.segments_max = disk.queue.size - CHAIN_EXTRA;
    if (d->features & BIT(F_SEGMENTS_MAX)) {
        uint32_t limit = virtio_config_read32(d, CONFIG_SEGMENTS_MAX);
        if (limit && limit < disk.segments_max)
            disk.segments_max = limit;
    }
    disk.sectors = virtio_config_read64(d, CONFIG_SECTORS);
    return 0;
}

int blk_init(void)
{
    struct virtio_device *d = &disk.device;
    uint64_t wanted =
        BIT(F_SEGMENTS_MAX) | BIT(F_READ_ONLY) | BIT(F_BLOCK_BYTES) | BIT(F_FLUSH) | BIT(VIRTIO_F_EVENT_IDX);
    int error = virtio_find(VIRTIO_BLK, 0, d);
    if (error)
        return error;
    sched_waitq_init(&disk.room);
    disk.slots = alloc_page_zeroed();
    if (!disk.slots)
        return -ENOMEM;
    disk.slots_dma = env_dma((const void *)disk.slots);
    error = virtio_start(d, wanted);
    if (!error)
        error = virtio_queue_init(&disk.queue, d, 0);
    if (!error)
        error = read_config();
    if (!error)
        error = env_irq_bind(d->irq, interrupt, NULL);
    if (error) {
        d->transport->status_set(d, 0);
        d->features = 0;
        disk.sectors = 0;
        return error == -ENOMEM ? error : -EIO;
    }
    virtio_ready(d);
    return 0;
}

uint64_t blk_sectors(void)
{
    return disk.sectors;
}

/* 0 if the disk can do what request asks for, having put its segments into buffers. */
static int check(const struct blk_request *request, struct virtio_buffer *buffers)
{
    unsigned n = request->segment_count;
    bool reads = request->op == BLK_READ;
    if (!reads) {
        if (request->op == BLK_FLUSH)
            return n ? -EINVAL : 0;
        if (request->op != BLK_WRITE)
            return -EINVAL;
        if (disk.device.features & BIT(F_READ_ONLY))
            return -EROFS;
    }
    if (n == 0 || n > BLK_SEGMENTS_MAX)
        return -EINVAL;
    uint64_t bytes = 0;
    for (const struct blk_segment *s = request->segments; n; n--, s++, buffers++) {
        uint32_t in_page = (uintptr_t)s->data % PAGE_BYTES;
        if (s->bytes == 0 || s->bytes % BLK_SECTOR_BYTES || s->bytes > PAGE_BYTES - in_page)
            return -EINVAL;
        buffers->address = env_dma(s->data);
        buffers->bytes = s->bytes;
        buffers->device_writes = reads;
        bytes += s->bytes;
    }
    uint64_t sectors = bytes / BLK_SECTOR_BYTES;
    if (request->sector > disk.sectors || sectors > disk.sectors - request->sector)
        return -EINVAL;
    return (request->sector | sectors) & disk.sector_mask ? -EINVAL : 0;
}

/* Starts a chain of the segments in buffers[1..count]; buffers has room for one more at either end. */
static void start(struct blk_request *request, uint64_t sector, struct virtio_buffer *buffers, unsigned count)
{
    static const uint8_t types[] = {[BLK_READ] = TYPE_READ, [BLK_WRITE] = TYPE_WRITE, [BLK_FLUSH] = TYPE_FLUSH};
    uint64_t saved = env_irq_save();
    while (disk.queue.free_count < count + CHAIN_EXTRA)
        sched_wait_always(&disk.room);
    unsigned at = disk.queue.free_head;
    volatile struct slot *slot = &disk.slots[at];
    slot->type = types[request->op];
    slot->sector = sector;
    slot->status = STATUS_NONE;
    disk.flights[at].request = request;
    uint64_t dma = disk.slots_dma + at * sizeof *slot;
    buffers[0] = (struct virtio_buffer){dma, HEADER_BYTES, false};
    buffers[count + 1] = (struct virtio_buffer){dma + offsetof(struct slot, status), 1, true};
    virtio_queue_add(&disk.queue, buffers, count + CHAIN_EXTRA, &disk.flights[at]);
    env_count(WIRE_DISK_READ + request->op);
    virtio_queue_kick(&disk.queue);
    env_irq_restore(saved);
}

/* The same for more segments than a chain may have: pieces of it, each finished before the next.  Request is done
   with the last or with the first that fails. */
static void start_pieces(struct blk_request *request, struct virtio_buffer *buffers, unsigned count)
{
    uint64_t sector = request->sector;
    while (count > disk.segments_max) {
        uint64_t bytes = 0;
        for (unsigned i = 1; i <= disk.segments_max; i++)
            bytes += buffers[i].bytes;
        struct virtio_buffer kept = buffers[disk.segments_max + 1];
        start(request, sector, buffers, disk.segments_max);
        if (blk_wait(request))
            return;
        request->done = false;
        buffers += disk.segments_max;
        buffers[1] = kept;
        count -= disk.segments_max;
        sector += bytes / BLK_SECTOR_BYTES;
    }
    start(request, sector, buffers, count);
}

int blk_submit(struct blk_request *request)
{
    struct virtio_buffer buffers[BLK_SEGMENTS_MAX + CHAIN_EXTRA];
    unsigned count = request->segment_count;
    int error = check(request, buffers + 1);
    if (error)
        return error;
    request->done = false;
    request->status = 0;
    sched_waitq_init(&request->waiters);
    if (request->op == BLK_FLUSH && !(disk.device.features & BIT(F_FLUSH)))
        request->done = true; /* without the feature a finished write is stable */
    else if (count <= disk.segments_max)
        start(request, request->sector, buffers, count);
    else
        start_pieces(request, buffers, count);
    return 0;
}

int blk_wait(struct blk_request *request)
{
    uint64_t saved = env_irq_save();
    while (!request->done)
        sched_wait_always(&request->waiters);
    env_irq_restore(saved);
    return request->status;
}

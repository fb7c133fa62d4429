/* SPDX-License-Identifier: MIT */
/*
 * virtio_queue.c: split virtqueues (specification 1.1, section 2.6), whose three tables share one page.
 *
 * The device can write to that page, so nothing in it is believed: chains, their links and the indices of both
 * rings are kept in struct virtio_queue, and the page is only written, but for the used ring.  A chain in flight is
 * a piece cut off the front of the free list, so that giving it back is a splice that takes the same time for any
 * length.
 *
 * Order of memory accesses: x86 keeps stores in order and loads in order, so a compiler barrier is enough between
 * a ring entry and its index.  Only a store followed by a load of what the other side wrote needs a fence: the two
 * places where one side decides, by the event indices, not to tell the other.
 */
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "machine/virtio.h"

#define DESCRIPTOR_NEXT 1
#define DESCRIPTOR_WRITE 2
#define USED_NO_NOTIFY 1
#define AVAILABLE_NO_INTERRUPT 1

struct virtio_descriptor {
    uint64_t address;
    uint64_t bytes_flags_next; /* of 32, 16 and 16 bits */
};

/* used_event follows the ring's last entry: interrupt when the used entry of that number is written. */
struct virtio_available {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[VIRTIO_QUEUE_MAX + 1];
};

struct virtio_used_entry {
    uint32_t head;
    uint32_t bytes;
};

/* available_event follows the ring's last entry: notify when the available entry of that number is written. */
struct virtio_used {
    uint16_t flags;
    uint16_t index;
    struct virtio_used_entry ring[VIRTIO_QUEUE_MAX + 1];
};

struct queue_page {
    struct virtio_descriptor descriptors[VIRTIO_QUEUE_MAX];
    struct virtio_available available;
    struct virtio_used used __attribute__((aligned(64)));
};
_Static_assert(sizeof(struct queue_page) <= PAGE_BYTES, "a queue fits a page");

#define barrier() __asm__ volatile("" ::: "memory")
#define fence() __asm__ volatile("mfence" ::: "memory")

/* The largest power of two that the device and the page allow. */
static uint16_t queue_size(uint16_t offered)
{
    uint16_t size = VIRTIO_QUEUE_MAX;
    while (size > offered)
        size /= 2;
    return size;
}

int virtio_queue_init(struct virtio_queue *q, struct virtio_device *d, uint16_t index)
{
    uint16_t size = index < VIRTIO_QUEUES_MAX ? queue_size(d->transport->queue_size(d, index)) : 0;
    if (!size)
        return -ENODEV;
    struct queue_page *page = alloc_page_zeroed();
    if (!page)
        return -ENOMEM;
    *q = (struct virtio_queue){.device = d, .index = index, .size = size, .free_count = size};
    q->event_index = d->features >> VIRTIO_F_EVENT_IDX & 1;
    q->descriptors = page->descriptors;
    q->available = &page->available;
    q->used = &page->used;
    for (unsigned i = 0; i < size; i++)
        q->next[i] = (uint16_t)((i + 1) % size);
    d->transport->queue_enable(d, index, size, env_dma(page->descriptors), env_dma(&page->available),
                               env_dma(&page->used));
    return 0;
}

void virtio_queue_free(struct virtio_queue *q)
{
    if (q->descriptors)
        alloc_page_free((void *)q->descriptors);
    q->descriptors = NULL;
}

/* Writes a descriptor; its last three fields at once. */
static inline void describe(struct virtio_queue *q, uint16_t at, const struct virtio_buffer *b, unsigned flags,
                            uint16_t next)
{
    volatile struct virtio_descriptor *descriptor = &q->descriptors[at];
    descriptor->address = b->address;
    descriptor->bytes_flags_next = b->bytes | (uint64_t)flags << 32 | (uint64_t)next << 48;
}

/* Fills the descriptors of a chain that begins at the free list's front; the last one's number. */
static uint16_t fill(struct virtio_queue *q, const struct virtio_buffer *buffers, unsigned count, uint32_t *writable)
{
    const struct virtio_buffer *last = buffers + count - 1;
    uint16_t at = q->free_head;
    uint32_t sum = 0;
    for (const struct virtio_buffer *b = buffers; b != last; b++) {
        uint16_t next = q->next[at];
        unsigned flags = DESCRIPTOR_NEXT;
        if (b->device_writes) {
            flags |= DESCRIPTOR_WRITE;
            sum += b->bytes;
        }
        describe(q, at, b, flags, next);
        at = next;
    }
    describe(q, at, last, last->device_writes ? DESCRIPTOR_WRITE : 0, 0);
    *writable = last->device_writes ? sum + last->bytes : sum;
    return at;
}

static inline void publish(struct virtio_queue *q, uint16_t head)
{
    q->available->ring[q->available_index & (q->size - 1)] = head;
    barrier();
    q->available->index = ++q->available_index;
}

int virtio_queue_add(struct virtio_queue *q, const struct virtio_buffer *buffers, unsigned count, void *token)
{
    if (count == 0 || count > q->free_count)
        return -ENOSPC;
    uint16_t head = q->free_head;
    struct virtio_chain *chain = &q->chains[head];
    chain->tail = fill(q, buffers, count, &chain->writable);
    chain->count = (uint16_t)count;
    chain->token = token;
    q->free_head = q->next[chain->tail];
    q->free_count -= (uint16_t)count;
    publish(q, head);
    return 0;
}

static bool kick_wanted(const struct virtio_queue *q, uint16_t old)
{
    if (!q->event_index)
        return !(q->used->flags & USED_NO_NOTIFY);
    uint16_t event = *(volatile uint16_t *)&q->used->ring[q->size];
    return (uint16_t)(q->available_index - event - 1) < (uint16_t)(q->available_index - old);
}

void virtio_queue_kick(struct virtio_queue *q)
{
    uint16_t old = q->kicked_index;
    if (old == q->available_index)
        return;
    q->kicked_index = q->available_index;
    fence();
    if (kick_wanted(q, old))
        q->device->transport->notify(q->device, q->index);
}

void virtio_queue_kick_below(struct virtio_queue *q, uint16_t limit)
{
    if ((uint16_t)(q->available_index - q->used->index) < limit)
        virtio_queue_kick(q);
}

bool virtio_queue_pending(const struct virtio_queue *q)
{
    return q->used->index != q->used_index;
}

bool virtio_queue_arm(struct virtio_queue *q, uint16_t more)
{
    if (q->event_index)
        q->available->ring[q->size] = (uint16_t)(q->used_index + more - 1);
    else
        q->available->flags = 0;
    fence();
    return (uint16_t)(q->used->index - q->used_index) >= more;
}

void virtio_queue_disarm(struct virtio_queue *q)
{
    if (q->event_index)
        q->available->ring[q->size] = (uint16_t)(q->used_index - 1);
    else
        q->available->flags = AVAILABLE_NO_INTERRUPT;
}

/* Asks for an interrupt at the next used entry; whether one came meanwhile. */
static bool rearm(struct virtio_queue *q)
{
    if (!q->event_index)
        return false;
    q->available->ring[q->size] = q->used_index;
    fence();
    return q->used->index != q->used_index;
}

static void chain_free(struct virtio_queue *q, uint16_t head)
{
    struct virtio_chain *chain = &q->chains[head];
    chain->token = NULL;
    q->next[chain->tail] = q->free_head;
    q->free_head = head;
    q->free_count += chain->count;
}

/* arms: asks for an interrupt where there is nothing to take; keeps: the chain's descriptors stay its own. */
static inline __attribute__((always_inline)) void *take(struct virtio_queue *q, uint32_t *written, bool arms,
                                                        bool keeps)
{
    while (q->used->index != q->used_index || (arms && rearm(q))) {
        barrier();
        volatile struct virtio_used_entry *entry = &q->used->ring[q->used_index++ & (q->size - 1)];
        uint32_t head = entry->head, bytes = entry->bytes;
        if (head >= q->size || !q->chains[head].token)
            continue;
        void *token = q->chains[head].token;
        *written = bytes < q->chains[head].writable ? bytes : q->chains[head].writable;
        if (keeps)
            q->chains[head].token = NULL;
        else
            chain_free(q, (uint16_t)head);
        return token;
    }
    return NULL;
}

void *virtio_queue_take(struct virtio_queue *q, uint32_t *written)
{
    return take(q, written, true, false);
}

void *virtio_queue_take_quiet(struct virtio_queue *q)
{
    uint32_t written;
    return take(q, &written, false, false);
}

void *virtio_queue_borrow(struct virtio_queue *q, uint32_t *written)
{
    return take(q, written, false, true);
}

void virtio_queue_again(struct virtio_queue *q, uint16_t head, void *token)
{
    q->chains[head].token = token;
    publish(q, head);
}

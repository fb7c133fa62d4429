/* SPDX-License-Identifier: MIT */
/*
 * send.c: frames that go.  A frame becomes one chain: a header, then its segments where they are.  Headers live in a
 * page that is shared with the device: the first is that of all frames whose checksum is complete and stays zero, the
 * others belong to the descriptors with which chains begin, so that whoever gets descriptors has a header too.
 */
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "nic_part.h"
_Static_assert((VIRTIO_QUEUE_MAX + 1) * NIC_HEADER_BYTES <= PAGE_BYTES, "the headers fit a page");

/* The frame's bytes, having put its segments into buffers; 0 if it cannot be sent. */
static uint32_t segments_take(const struct nic_send *frame, unsigned count, struct virtio_buffer *buffers)
{
    uint32_t sum = 0;
    if (count == 0 || count > NIC_SEGMENTS_MAX)
        return 0;
    for (const struct nic_segment *s = frame->segments; count; count--, s++, buffers++) {
        uint32_t bytes = s->bytes;
        if (bytes == 0 || bytes > PAGE_BYTES - (uintptr_t)s->data % PAGE_BYTES)
            return 0;
        *buffers = (struct virtio_buffer){env_dma(s->data), bytes, false};
        sum += bytes; /* of at most 16 pages */
    }
    return sum >= NIC_FRAME_MIN && sum <= NIC_FRAME_MAX ? sum : 0;
}

/* Where the device finds the frame's header; 0 if what it asks for cannot be done. */
static uint64_t header_make(const struct nic_send *frame, uint32_t bytes)
{
    unsigned start = frame->checksum_start, offset = frame->checksum_offset, at = nic.outgoing.free_head + 1u;
    if (offset == 0)
        return nic.headers_dma;
    if (!nic.sums_sent || start + offset + 2 > bytes)
        return 0;
    nic.headers[at].flags = NIC_NEEDS_SUM;
    nic.headers[at].checksum_start = (uint16_t)start;
    nic.headers[at].checksum_offset = (uint16_t)offset;
    return nic.headers_dma + at * NIC_HEADER_BYTES;
}

static void sent_collect(void)
{
    struct nic_send *frame;
    while ((frame = virtio_queue_take_quiet(&nic.outgoing)))
        list_add(&nic.sent, &frame->link);
}

/* Whether count descriptors are free, looking at what the device has done; if not, the interrupt comes when it has sent
   half of what it has. */
static __attribute__((noinline)) bool room_make(unsigned count)
{
    struct virtio_queue *q = &nic.outgoing;
    for (;;) {
        sent_collect();
        if (q->free_count >= count) {
            nic.full = false;
            return true;
        }
        nic.full = true;
        uint16_t chains = (uint16_t)(q->available_index - q->used_index);
        if (!virtio_queue_arm(q, chains / 2 ? chains / 2 : 1))
            return false;
        virtio_queue_disarm(q);
    }
}

int nic_send(struct nic_send *frame)
{
    struct virtio_buffer buffers[NIC_SEGMENTS_MAX + 1];
    unsigned count = frame->segment_count;
    uint32_t bytes = segments_take(frame, count, buffers + 1);
    if (!bytes)
        return -EINVAL;
    if (nic.outgoing.free_count <= count && !room_make(count + 1))
        return -EAGAIN;
    uint64_t header = header_make(frame, bytes);
    if (!header)
        return -EINVAL;
    buffers[0] = (struct virtio_buffer){header, NIC_HEADER_BYTES, false};
    virtio_queue_add(&nic.outgoing, buffers, count + 1, frame);
    virtio_queue_kick(&nic.outgoing);
    nic.books.frames_sent++;
    nic.books.bytes_sent += bytes;
    return 0;
}

struct nic_send *nic_sent(void)
{
    if (list_empty(&nic.sent))
        return virtio_queue_take_quiet(&nic.outgoing);
    struct nic_send *frame = LIST_ENTRY(nic.sent.next, struct nic_send, link);
    list_remove(&frame->link);
    return frame;
}

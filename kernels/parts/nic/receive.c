/* SPDX-License-Identifier: MIT */
/*
 * receive.c: frames that come.  The device has as many buffers as there is room for, each half a page with room for the
 * header and one frame, and each with its own descriptor for ever.
 *
 *      available to the device --> used --> nic_receive: lent --> nic_give: available again
 */
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "nic_part.h"

#define BUFFER_BYTES (PAGE_BYTES / 2)
#define BUFFER_START 2u /* so that what follows the Ethernet header is aligned to four bytes */
#define BUFFERS_MIN 32u
#define BUFFERS_SHARE 64u /* one buffer for so many pages of memory: a 128th of it */
_Static_assert(BUFFER_START + NIC_HEADER_BYTES + NIC_FRAME_MAX <= BUFFER_BYTES, "a frame fits");
_Static_assert(VIRTIO_QUEUE_MAX <= NIC_LENT_MAX, "no more frames can be lent than there are buffers");

static struct nic_buffer *buffer_of(struct nic_frame *frame)
{
    return (struct nic_buffer *)frame;
}

static unsigned buffers_wanted(void)
{
    uint64_t n = alloc_total_pages() / BUFFERS_SHARE & ~UINT64_C(1);
    if (n < BUFFERS_MIN)
        n = BUFFERS_MIN;
    return n < nic.incoming.size ? (unsigned)n : nic.incoming.size;
}

static void buffer_make(struct nic_buffer *b, uint8_t *memory)
{
    struct virtio_buffer whole = {env_dma(memory + BUFFER_START), NIC_HEADER_BYTES + NIC_FRAME_MAX, true};
    b->frame.data = memory + BUFFER_START + NIC_HEADER_BYTES;
    b->head = nic.incoming.free_head;
    virtio_queue_add(&nic.incoming, &whole, 1, b);
}

int nic_buffers_make(void)
{
    unsigned wanted = buffers_wanted();
    nic.buffer_count = 0;
    nic.kick_below = (uint16_t)(wanted / 2 + 1);
    nic.buffers = alloc_get(wanted * sizeof *nic.buffers);
    if (!nic.buffers)
        return -ENOMEM;
    for (; nic.buffer_count < wanted; nic.buffer_count++) {
        unsigned half = nic.buffer_count % 2;
        uint8_t *memory = half ? (uint8_t *)nic.buffers[nic.buffer_count - 1].frame.data : alloc_page();
        if (!memory)
            return -ENOMEM;
        if (half)
            memory += BUFFER_BYTES - BUFFER_START - NIC_HEADER_BYTES;
        buffer_make(&nic.buffers[nic.buffer_count], memory);
    }
    return 0;
}

void nic_buffers_free(void)
{
    for (unsigned i = 0; nic.buffers && i < nic.buffer_count; i += 2)
        alloc_page_free((uint8_t *)nic.buffers[i].frame.data - BUFFER_START - NIC_HEADER_BYTES);
    alloc_put(nic.buffers);
    nic.buffers = NULL;
}

/* Whether a frame for which the device says that it wrote that many bytes can be handed on.  The header's number of
   buffers, which is always 1 here, is left out: QEMU before 9.2 does not write it. */
static bool frame_take(struct nic_frame *frame, uint32_t written)
{
    const volatile struct nic_header *header = (const void *)((uint8_t *)frame->data - NIC_HEADER_BYTES);
    uint32_t bytes = written - NIC_HEADER_BYTES;
    unsigned flags = header->flags;
    if (written < NIC_HEADER_BYTES + NIC_FRAME_MIN || header->segmented)
        return false;
    frame->bytes = bytes;
    frame->checked = false;
    if (__builtin_expect(flags != 0, 0) && nic.sums_received) {
        if (flags & NIC_NEEDS_SUM && (uint32_t)header->checksum_start + header->checksum_offset + 2 > bytes)
            return false;
        frame->checked = flags & (NIC_NEEDS_SUM | NIC_SUM_GOOD);
    }
    return true;
}

struct nic_frame *nic_receive(void)
{
    struct nic_frame *frame;
    uint32_t written;
    while ((frame = virtio_queue_borrow(&nic.incoming, &written))) {
        nic.lent++;
        if (frame_take(frame, written)) {
            nic.books.frames_received++;
            nic.books.bytes_received += frame->bytes;
            break;
        }
        nic.books.dropped++;
        nic_give(frame);
    }
    return frame;
}

bool nic_pending(void)
{
    if (!virtio_queue_pending(&nic.incoming) && !virtio_queue_arm(&nic.incoming, 1))
        return false;
    virtio_queue_disarm(&nic.incoming);
    return true;
}

unsigned nic_room(void)
{
    return nic.buffer_count - nic.lent;
}

void nic_give(struct nic_frame *frame)
{
    virtio_queue_again(&nic.incoming, buffer_of(frame)->head, frame);
    nic.lent--;
    virtio_queue_kick_below(&nic.incoming, nic.kick_below);
}

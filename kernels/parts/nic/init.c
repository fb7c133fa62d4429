/* SPDX-License-Identifier: MIT */
/*
 * init.c: finds a virtio network device (specification 1.1, section 5.1) and starts it with two queues; the control
 * queue and segmentation offloads are not used.
 *
 * The device is not believed.  Which chains are in flight, and how long they are, is known to virtio_queue.c; the
 * lengths and headers of frames are looked at when they come.
 *
 * Interrupts: one when frames come after nic_pending has found none, and none while they are being taken.  Frames that
 * were sent are noticed when somebody asks, or needs the room; only a sender that found none is told by an interrupt.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "env.h"
#include "nic_part.h"

#define BIT(n) (UINT64_C(1) << (n))

enum { F_SUMS_SENT = 0, F_SUMS_RECEIVED = 1, F_ADDRESS = 5 };
enum { QUEUE_INCOMING = 0, QUEUE_OUTGOING = 1 };
enum { ADDRESS_GROUP = 1, ADDRESS_LOCAL = 2 }; /* bits of an address's first byte */

struct nic nic;

/* Takes nothing from the queues, so that it may come between any two instructions of those who do. */
static void interrupt(void *arg)
{
    bool tell = false;
    (void)arg;
    nic.device.transport->interrupt_ack(&nic.device);
    nic.books.interrupts++;
    if (virtio_queue_pending(&nic.incoming)) {
        virtio_queue_disarm(&nic.incoming);
        tell = true;
    }
    if (nic.full && virtio_queue_pending(&nic.outgoing)) {
        nic.full = false;
        virtio_queue_disarm(&nic.outgoing);
        tell = true;
    }
    if (tell)
        nic.ready(nic.ready_arg);
}

static int address_get(void)
{
    if (nic.device.features & BIT(F_ADDRESS)) {
        for (unsigned i = 0; i < NIC_ADDRESS_BYTES; i++)
            nic.address[i] = nic.device.transport->config_read8(&nic.device, i);
    } else {
        env_random(nic.address, sizeof nic.address);
        nic.address[0] = (uint8_t)((nic.address[0] | ADDRESS_LOCAL) & ~ADDRESS_GROUP);
    }
    return nic.address[0] & ADDRESS_GROUP ? -EIO : 0;
}

static int queues_init(void)
{
    int error = virtio_queue_init(&nic.incoming, &nic.device, QUEUE_INCOMING);
    if (!error)
        error = virtio_queue_init(&nic.outgoing, &nic.device, QUEUE_OUTGOING);
    if (error)
        return error;
    if (nic.outgoing.size <= NIC_SEGMENTS_MAX)
        return -EIO; /* a frame may need so many descriptors, and one for its header */
    virtio_queue_disarm(&nic.outgoing);
    return 0;
}

static int start(void)
{
    struct virtio_device *d = &nic.device;
    int error = virtio_start(d, BIT(F_SUMS_SENT) | BIT(F_SUMS_RECEIVED) | BIT(F_ADDRESS) | BIT(VIRTIO_F_EVENT_IDX));
    if (!error)
        error = address_get();
    if (!error)
        error = queues_init();
    if (!error)
        error = nic_buffers_make();
    if (!error)
        error = env_irq_bind(d->irq, interrupt, NULL);
    return error;
}

void nic_memory_free(void)
{
    nic_buffers_free();
    virtio_queue_free(&nic.incoming);
    virtio_queue_free(&nic.outgoing);
    alloc_page_free(nic.headers);
}

int nic_init(void (*ready)(void *arg), void *arg)
{
    struct virtio_device *d = &nic.device;
    nic = (struct nic){.ready = ready, .ready_arg = arg};
    int error = virtio_find(VIRTIO_NET, 0, d);
    if (error)
        return error;
    list_init(&nic.sent);
    nic.headers = alloc_page_zeroed();
    if (!nic.headers)
        return -ENOMEM;
    nic.headers_dma = env_dma(nic.headers);
    error = start();
    if (error) {
        d->transport->status_set(d, 0);
        nic_memory_free();
        return error == -ENOMEM ? error : -EIO;
    }
    nic.sums_sent = d->features & BIT(F_SUMS_SENT);
    nic.sums_received = d->features & BIT(F_SUMS_RECEIVED);
    virtio_ready(d);
    virtio_queue_arm(&nic.incoming, 1);
    virtio_queue_kick(&nic.incoming);
    return 0;
}

void nic_info(struct nic_info *out)
{
    out->sums_sent = nic.sums_sent;
    out->sums_received = nic.sums_received;
    memcpy(out->address, nic.address, sizeof out->address);
}

void nic_books(struct nic_books *out)
{
    *out = nic.books;
}

/* There is nobody to share the interface with. */
int nic_claim(const struct nic_filter *filter)
{
    (void)filter;
    return 0;
}

void nic_claim_end(int claim)
{
    (void)claim;
}

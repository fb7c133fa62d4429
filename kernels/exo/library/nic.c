/* SPDX-License-Identifier: MIT */
/*
 * nic.c: the network interface (nic.h): as much of the machine's as this environment has claims for.  Memory for frames
 * that come is offered to the kernel in slots of half a page, each a struct nic_frame's for ever.
 *
 *      offered to the kernel --> came --> nic_receive: lent --> nic_give: offered again
 */
#include "nic.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "exo/library/library.h"

#define NET ((struct exo_net *)(domain_base + DOMAIN_NET))
#define PAGES_MIN 16u
#define PAGES_MAX (EXO_NET_SLOTS_MAX / 2)
#define PAGES_SHARE 128u /* one page for so many of memory */
_Static_assert(EXO_NET_SLOTS_MAX <= NIC_LENT_MAX, "no more frames can be lent than there are slots");

static struct {
    void (*ready)(void *arg);
    void *ready_arg;
    struct nic_frame *frames; /* by slots */
    unsigned slots, lent;
    struct list sent; /* and copied at once */
    struct exo_nic info;
    struct nic_books books;
} nic;

static void offer(unsigned slot)
{
    NET->slots[NET->offered % EXO_NET_SLOTS_MAX] = (uint8_t)slot;
    NET->offered = NET->offered + 1;
}

static unsigned pages_wanted(void)
{
    uint64_t n = alloc_total_pages() / PAGES_SHARE;

    return n < PAGES_MIN ? PAGES_MIN : n < PAGES_MAX ? (unsigned)n : PAGES_MAX;
}

/* What could not be used stays as it is: without a network nobody starts anew. */
static int ring_make(void)
{
    uint64_t numbers[PAGES_MAX];
    unsigned pages = pages_wanted();

    nic.frames = alloc_get(pages * 2 * sizeof *nic.frames);
    if (!nic.frames)
        return -ENOMEM;
    for (unsigned i = 0; i < pages; i++) {
        char *page = alloc_page();
        if (!page)
            return -ENOMEM;
        numbers[i] = table_frame_number(page);
        nic.frames[2 * i].data = page + EXO_NET_SLOT_START;
        nic.frames[2 * i + 1].data = page + EXO_NET_SLOT_BYTES + EXO_NET_SLOT_START;
    }
    nic.slots = pages * 2;
    return (int)exo_call(EXO_NIC_RING, (uint64_t)numbers, pages);
}

int nic_init(void (*ready)(void *arg), void *arg)
{
    int error = (int)exo_call(EXO_NIC_INFO, (uint64_t)&nic.info);

    nic.ready = ready;
    nic.ready_arg = arg;
    list_init(&nic.sent);
    if (!error)
        error = ring_make();
    for (unsigned i = 0; !error && i < nic.slots; i++)
        offer(i);
    return error;
}

void nic_info(struct nic_info *out)
{
    memcpy(out->address, nic.info.address, sizeof out->address);
    out->sums_sent = nic.info.sums_sent;
    out->sums_received = nic.info.sums_received;
}

void nic_event(void)
{
    nic.books.interrupts++;
    if (nic.ready)
        nic.ready(nic.ready_arg);
}

/* ---- out ---- */

int nic_send(struct nic_send *frame)
{
    struct exo_segment segments[NIC_SEGMENTS_MAX];
    uint64_t sum = frame->checksum_offset ? frame->checksum_start | (uint64_t)frame->checksum_offset << 16 : 0;
    uint32_t bytes = 0;
    int result;

    if (frame->segment_count > NIC_SEGMENTS_MAX)
        return -EINVAL;
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        uint64_t at = user_info.ram_physical + (uint64_t)((const char *)frame->segments[i].data - user_ram());
        segments[i] = (struct exo_segment){at / PAGE_BYTES, at % PAGE_BYTES, frame->segments[i].bytes};
        bytes += frame->segments[i].bytes;
    }
    result = (int)exo_call(EXO_NIC_SEND, (uint64_t)segments, frame->segment_count, sum, (uint64_t)frame);
    if (result < 0)
        return result;
    if (result)
        list_add(&nic.sent, &frame->link);
    nic.books.frames_sent++;
    nic.books.bytes_sent += bytes;
    return 0;
}

struct nic_send *nic_sent(void)
{
    struct nic_send *frame;

    if (!list_empty(&nic.sent)) {
        frame = LIST_ENTRY(nic.sent.next, struct nic_send, link);
        list_remove(&frame->link);
        return frame;
    }
    if (NET->told == NET->sent)
        return NULL;
    frame = (struct nic_send *)NET->tags[NET->told % EXO_NET_SLOTS_MAX];
    NET->told = NET->told + 1;
    return frame;
}

/* ---- in ---- */

struct nic_frame *nic_receive(void)
{
    uint32_t taken = NET->taken, entry = taken % EXO_NET_SLOTS_MAX;
    struct nic_frame *frame;

    if (taken == NET->came)
        return NULL;
    frame = &nic.frames[NET->frames[entry].slot];
    frame->bytes = NET->frames[entry].bytes;
    frame->checked = NET->frames[entry].checked;
    NET->taken = taken + 1;
    nic.lent++;
    nic.books.frames_received++;
    nic.books.bytes_received += frame->bytes;
    return frame;
}

/* The kernel is asked to tell only where that matters, mostly together with the call to sleep. */
bool nic_pending(void)
{
    if (NET->came != NET->taken)
        return true;
    if (!NET->listens)
        __atomic_or_fetch(&user_info.pending, EVENT_LISTEN, __ATOMIC_RELAXED);
    return false;
}

void nic_listen(void)
{
    if (!NET->listens && exo_call(EXO_NIC_LISTEN) > 0)
        nic_event();
}

void nic_give(struct nic_frame *frame)
{
    offer((unsigned)(frame - nic.frames));
    nic.lent--;
}

unsigned nic_room(void)
{
    return nic.slots - nic.lent;
}

/* ---- both ---- */

int nic_claim(const struct nic_filter *filter)
{
    return (int)exo_call(EXO_NIC_CLAIM, (uint64_t)filter);
}

void nic_claim_end(int claim)
{
    exo_call(EXO_NIC_CLAIM_END, (uint64_t)claim);
}

void nic_books(struct nic_books *out)
{
    *out = nic.books;
    out->dropped = NET->dropped;
}

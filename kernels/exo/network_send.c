/* SPDX-License-Identifier: MIT */
/*
 * network_send.c: frames that go.  The first bytes of a frame are copied, so that what is checked is what is sent; the
 * rest is sent from where it lies.  A small frame is copied whole and is its environment's affair no longer.
 *
 * An environment may send what it would get the answer to (filter_answer): so it cannot speak for another one.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "env.h"
#include "exo/call.h"
#include "exo/filter.h"
#include "exo/network.h"
#include "machine/home.h"
#include "machine/virtio.h"

#define HEAD_BYTES 256u
#define SENDINGS (VIRTIO_QUEUE_MAX / 2 + 1) /* one more than the interface can have, so that it is asked for room */
#define HEADS_ORDER 3
#define SENT_LATER 16u /* frames that nobody waits for are taken note of together */
_Static_assert(HEAD_BYTES >= FILTER_HEAD_MAX, "what is checked was copied");
_Static_assert(SENDINGS *HEAD_BYTES <= PAGE_BYTES << HEADS_ORDER, "all heads have their place");

struct sending {
    struct nic_send frame;             /* its first segment is the head */
    uint32_t frames[NIC_SEGMENTS_MAX]; /* of memory, in which the others are */
    struct environment *environment;
    uint64_t tag;
    uint8_t *head;
    struct sending *next; /* free */
};

static struct sending *free; /* one at least */
static bool wanting;         /* some environment was refused */
static struct {
    unsigned sendings, descriptors; /* of the interface's queue, but for a frame's that is the only one */
} share;                            /* for one environment */

int network_send_init(unsigned environments)
{
    struct sending *all = alloc_get(SENDINGS * sizeof *all);
    uint8_t *heads = alloc_pages(HEADS_ORDER);

    if (!all || !heads)
        return -ENOMEM;
    for (unsigned i = 0; i < SENDINGS; i++) {
        all[i].head = heads + i * HEAD_BYTES;
        all[i].next = free;
        free = &all[i];
    }
    share.sendings = SENDINGS / environments;
    share.descriptors = environments > 1 ? VIRTIO_QUEUE_MAX / environments : UINT32_MAX;
    return 0;
}

/* Its memory becomes needed, or no longer is. */
static void hold(const struct sending *s, bool begins)
{
    s->environment->held += begins ? 1u : -1u;
    for (unsigned i = 1; i < s->frame.segment_count; i++)
        (begins ? frame_busy_add : frame_busy_drop)(s->frames[i]);
}

static void sending_end(struct sending *s)
{
    struct environment *e = s->environment;

    e->sending--;
    e->sending_descriptors -= s->frame.segment_count + 1;
    s->next = free;
    free = s;
    if (s->frame.segment_count == 1)
        return;
    hold(s, false);
    e->net->tags[e->told % EXO_NET_SLOTS_MAX] = s->tag;
    e->net->sent = ++e->told;
}

void network_sent(void)
{
    struct nic_send *frame;

    while ((frame = nic_sent()))
        sending_end(LIST_ENTRY(frame, struct sending, frame));
}

void network_sent_of(const struct environment *e)
{
    struct nic_send *frame;

    while (e->held && (frame = nic_sent()))
        sending_end(LIST_ENTRY(frame, struct sending, frame));
}

void network_room(void)
{
    if (!wanting)
        return;
    network_sent();
    wanting = false;
    for (struct environment *e = environments; e < environments + ENVIRONMENTS_MAX; e++)
        if (e->alive && e->wants_nic) {
            e->wants_nic = false;
            environment_tell(e, EVENT_NET);
        }
}

void network_send_wait(struct environment *e)
{
    for (network_sent_of(e); e->held; network_sent_of(e))
        time_pass();
}

/* Who has its share may try again at once: others are not to wait for it. */
static bool is_full(struct environment *e)
{
    if (e->sending < share.sendings && (e->sending_descriptors + NIC_SEGMENTS_MAX < share.descriptors || !e->sending) &&
        e->held + (uint64_t)(uint32_t)(e->told - e->net->told) < EXO_NET_SLOTS_MAX)
        return false;
    environment_tell(e, EVENT_NET);
    return true;
}

static bool is_within_page(const struct exo_segment *s)
{
    return s->bytes && s->offset < PAGE_BYTES && s->bytes <= PAGE_BYTES - s->offset;
}

/* The first bytes of the segments to the head, the others as segments of the frame; then the head's bytes, or an
   error. */
static int gather(struct sending *s, const struct exo_segment *segments, uint64_t count)
{
    struct nic_segment *out = s->frame.segments + 1;
    uint32_t head = 0;

    for (const struct exo_segment *from = segments; from < segments + count; from++) {
        const uint8_t *data = frame_memory(s->environment, from->frame);
        uint32_t n = from->bytes < HEAD_BYTES - head ? from->bytes : HEAD_BYTES - head;
        if (!is_within_page(from) || !data)
            return data ? -EINVAL : -EPERM;
        data += from->offset;
        memcpy(s->head + head, data, n);
        head += n;
        if (n == from->bytes)
            continue;
        if (out == s->frame.segments + NIC_SEGMENTS_MAX)
            return -EINVAL;
        s->frames[out - s->frame.segments] = (uint32_t)from->frame;
        *out++ = (struct nic_segment){data + n, from->bytes - n};
    }
    BOOK_ADD(books[WIRE_BYTES_COPIED], head);
    s->frame.segments[0] = (struct nic_segment){s->head, head};
    s->frame.segment_count = (uint32_t)(out - s->frame.segments);
    return (int)head;
}

/* The interface writes a checksum only where one belongs, not over what was checked. */
static int sum_set(struct sending *s, uint32_t bytes, uint64_t sum)
{
    uint32_t start, offset;

    s->frame.checksum_start = s->frame.checksum_offset = 0;
    if (!sum)
        return 0;
    start = filter_sum(s->head, bytes, &offset);
    if (!start || sum != (start | offset << 16))
        return -EINVAL;
    s->frame.checksum_start = (uint16_t)start;
    s->frame.checksum_offset = (uint16_t)offset;
    return 0;
}

/* s, whose environment and tag are filled. */
static int frame_send(struct sending *s, const struct exo_segment *segments, uint64_t count, uint64_t sum)
{
    struct environment *e = s->environment;
    int head = gather(s, segments, count), error;

    if (head < 0)
        return head;
    if (!filter_may_send(e->number, s->head, (uint32_t)head, network_address)) {
        e->net->refused++;
        return -EPERM;
    }
    error = sum_set(s, (uint32_t)head, sum);
    if (!error)
        error = nic_send(&s->frame);
    if (error) {
        e->wants_nic |= error == -EAGAIN;
        wanting |= e->wants_nic;
        return error;
    }
    free = s->next;
    e->sending++;
    e->sending_descriptors += s->frame.segment_count + 1;
    if (s->frame.segment_count == 1)
        return 1;
    hold(s, true);
    return 0;
}

int64_t call_nic_send(CALL_N, uint64_t address, uint64_t count, uint64_t sum, uint64_t tag)
{
    struct environment *e = environment_current();
    struct exo_segment segments[NIC_SEGMENTS_MAX];
    struct sending *s;

    if (!e->net)
        return -ENODEV;
    if (!count || count > NIC_SEGMENTS_MAX)
        return -EINVAL;
    if (e->held || e->sending >= SENT_LATER)
        network_sent();
    if (is_full(e))
        return -EAGAIN;
    if (env_copy_in(segments, address, count * sizeof *segments))
        return -EFAULT;
    s = free;
    s->environment = e;
    s->tag = tag;
    return frame_send(s, segments, count, sum);
}

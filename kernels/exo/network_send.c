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
#include "machine/virtio.h"

#define HEAD_BYTES 256u
#define SENDINGS (VIRTIO_QUEUE_MAX / 2 + 1) /* one more than the interface can have, so that it is asked for room */
#define HEADS_ORDER 3
#define SENT_LATER 16u /* frames that nobody waits for are taken note of together */
_Static_assert(HEAD_BYTES >= FILTER_HEAD_MAX, "what is checked was copied");
_Static_assert(SENDINGS *HEAD_BYTES <= PAGE_BYTES << HEADS_ORDER, "all heads have their place");

struct sending {
    struct nic_send frame; /* its first segment is the head */
    struct list link;      /* in free */
    struct environment *environment;
    uint64_t tag;
    uint8_t *head;
};

static struct list free = LIST_INIT(free);
static bool wanting;   /* some environment was refused */
static unsigned share; /* of sendings, for one environment */

int network_send_init(unsigned environments)
{
    struct sending *all = alloc_get(SENDINGS * sizeof *all);
    uint8_t *heads = alloc_pages(HEADS_ORDER);

    if (!all || !heads)
        return -ENOMEM;
    for (unsigned i = 0; i < SENDINGS; i++) {
        all[i].head = heads + i * HEAD_BYTES;
        list_add(&free, &all[i].link);
    }
    share = SENDINGS / environments;
    return 0;
}

/* Its memory becomes needed, or no longer is. */
static void hold(const struct sending *s, bool begins)
{
    s->environment->held += begins ? 1u : -1u;
    for (unsigned i = 1; i < s->frame.segment_count; i++)
        (begins ? frame_busy_add : frame_busy_drop)(paging_physical(s->frame.segments[i].data) / PAGE_BYTES);
}

static void sending_end(struct sending *s)
{
    struct environment *e = s->environment;

    e->sending--;
    list_add_first(&free, &s->link);
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
    for (network_sent(); e->held; network_sent())
        time_pass();
}

/* Who has its share may try again at once: others are not to wait for it. */
static bool is_full(struct environment *e)
{
    if (e->sending < share && e->held + (uint64_t)(uint32_t)(e->told - e->net->told) < EXO_NET_SLOTS_MAX)
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
        *out++ = (struct nic_segment){data + n, from->bytes - n};
    }
    s->frame.segments[0] = (struct nic_segment){s->head, head};
    s->frame.segment_count = (uint32_t)(out - s->frame.segments);
    return (int)head;
}

static bool is_allowed(const struct environment *e, const uint8_t *head, uint32_t bytes)
{
    uint8_t answer[FILTER_HEAD_MAX];
    uint32_t n = filter_answer(head, bytes, network_address, answer);

    return n && filter_match(answer, n) & 1u << e->number;
}

/* The interface writes a checksum only where one belongs, not over what was checked. */
static int sum_set(struct sending *s, uint32_t bytes, uint64_t sum)
{
    uint32_t start = 0, offset = 0;

    if (sum) {
        start = filter_sum(s->head, bytes, &offset);
        if (!start || sum != (start | offset << 16))
            return -EINVAL;
    }
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
    if (!is_allowed(e, s->head, (uint32_t)head)) {
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
    list_remove(&s->link);
    e->sending++;
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
    s = LIST_ENTRY(free.next, struct sending, link);
    s->environment = e;
    s->tag = tag;
    return frame_send(s, segments, count, sum);
}

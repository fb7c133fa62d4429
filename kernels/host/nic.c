/* SPDX-License-Identifier: MIT */
/*
 * nic.c (host): an Ethernet interface whose other end is the test.  A frame that is sent goes to the test at once, but
 * comes back through nic_sent only when it is asked for, and must then still be what it was: who changes or frees what
 * is being sent is found out.  Each frame that comes is memory of its own, so that a sanitizer sees its use after
 * nic_give.
 */
#include "nic.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "host.h"
#include <stdlib.h>
#include <string.h>

#define CLAIMS_MAX 256u
#define ETHERTYPE_AT 12u
#define ETHERTYPE_IPV4 0x0800u

/* A frame on its way out, as it was when it was given. */
struct sending {
    struct sending *next;
    struct nic_send *frame;
    uint32_t bytes;
    uint8_t data[NIC_FRAME_MAX];
};

static void (*peer)(const void *frame, size_t bytes);
static void (*ready_handler)(void *arg);
static void *ready_arg;
static struct nic_info interface = {.address = {0x52, 0x54, 0, 0x12, 0x34, 0x56}};
static struct sending *sending, **sending_end = &sending;
static unsigned sending_count, send_room = UINT32_MAX;
static struct list arrived = LIST_INIT(arrived);
static unsigned arrived_count, lent, receive_room = 64;
static bool full, claims_checked, quiet = true;
static struct nic_filter claims[CLAIMS_MAX];
static struct nic_books counts;

void host_nic_connect(void (*sent)(const void *frame, size_t bytes))
{
    peer = sent;
}

void host_nic_sums(bool sent, bool received)
{
    interface.sums_sent = sent;
    interface.sums_received = received;
}

void host_nic_rooms(unsigned to_send, unsigned to_receive)
{
    send_room = to_send;
    receive_room = to_receive;
}

void host_nic_claims_check(bool check)
{
    claims_checked = check;
}

unsigned host_nic_claims(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < CLAIMS_MAX; i++)
        n += claims[i].test_count != 0;
    return n;
}

unsigned host_nic_lent(void)
{
    return lent;
}

static void frame_free(struct nic_frame *frame)
{
    free(frame->data);
    free(frame);
}

void host_nic_reset(void)
{
    while (sending) {
        struct sending *s = sending;
        sending = s->next;
        free(s);
    }
    sending_end = &sending;
    while (!list_empty(&arrived)) {
        struct nic_frame *frame = LIST_ENTRY(arrived.next, struct nic_frame, link);
        list_remove(&frame->link);
        frame_free(frame);
    }
    sending_count = arrived_count = lent = 0;
    send_room = UINT32_MAX;
    receive_room = 64;
    full = claims_checked = false;
    interface.sums_sent = interface.sums_received = false;
    ready_handler = NULL;
    peer = NULL;
    memset(claims, 0, sizeof claims);
    memset(&counts, 0, sizeof counts);
}

static void interrupt(void)
{
    counts.interrupts++;
    if (ready_handler)
        ready_handler(ready_arg);
}

/* Whether a test of a filter holds; false where the frame is too short for it. */
static bool test_holds(const struct nic_test *test, const uint8_t *frame, size_t bytes)
{
    size_t at = test->offset;
    if (test->base != NIC_LINK)
        at += NIC_FRAME_MIN;
    if (test->base == NIC_TRANSPORT) {
        const uint8_t *ip = frame + NIC_FRAME_MIN;
        if (bytes < NIC_FRAME_MIN + 20 ||
            ((unsigned)frame[ETHERTYPE_AT] << 8 | frame[ETHERTYPE_AT + 1]) != ETHERTYPE_IPV4 || ip[0] >> 4 != 4 ||
            ((ip[6] & 0x1f) | ip[7]))
            return false;
        at += 4u * (ip[0] & 15);
    }
    if (at + test->bytes > bytes)
        return false;
    uint32_t value = 0;
    for (unsigned i = 0; i < test->bytes; i++)
        value = value << 8 | frame[at + i];
    return (value & test->mask) == test->value;
}

bool host_nic_claimed(const void *frame, size_t bytes)
{
    for (unsigned i = 0; i < CLAIMS_MAX; i++) {
        const struct nic_filter *filter = &claims[i];
        unsigned n = 0;
        while (n < filter->test_count && test_holds(&filter->tests[n], frame, bytes))
            n++;
        if (n && n == filter->test_count)
            return true;
    }
    return false;
}

bool host_nic_deliver(const void *data, size_t bytes)
{
    if (bytes < NIC_FRAME_MIN || bytes > NIC_FRAME_MAX || arrived_count + lent >= receive_room ||
        (claims_checked && !host_nic_claimed(data, bytes))) {
        counts.dropped++;
        return false;
    }
    struct nic_frame *frame = calloc(1, sizeof *frame);
    ASSERT(frame);
    frame->data = malloc(bytes);
    ASSERT(frame->data);
    memcpy(frame->data, data, bytes);
    frame->bytes = (uint32_t)bytes;
    frame->checked = interface.sums_received;
    list_add(&arrived, &frame->link);
    arrived_count++;
    if (quiet) {
        quiet = false;
        interrupt();
    }
    return true;
}

int nic_init(void (*ready)(void *arg), void *arg)
{
    if (!peer)
        return -ENODEV;
    ready_handler = ready;
    ready_arg = arg;
    quiet = true;
    return 0;
}

void nic_info(struct nic_info *out)
{
    *out = interface;
}

/* The bytes of a frame that may be sent, gathered; 0 if it may not. */
static uint32_t gather(const struct nic_send *frame, uint8_t *out)
{
    uint32_t bytes = 0;
    if (frame->segment_count == 0 || frame->segment_count > NIC_SEGMENTS_MAX)
        return 0;
    for (const struct nic_segment *s = frame->segments; s < frame->segments + frame->segment_count; s++) {
        if (s->bytes == 0 || s->bytes > NIC_FRAME_MAX - bytes ||
            s->bytes > PAGE_BYTES - (uintptr_t)s->data % PAGE_BYTES)
            return 0;
        memcpy(out + bytes, s->data, s->bytes);
        bytes += s->bytes;
    }
    if (bytes < NIC_FRAME_MIN)
        return 0;
    if (frame->checksum_offset && (!interface.sums_sent || frame->checksum_start + frame->checksum_offset + 2u > bytes))
        return 0;
    return bytes;
}

/* What the interface does with checksum_start and checksum_offset. */
static void complete_sum(const struct nic_send *frame, uint8_t *data, uint32_t bytes)
{
    uint32_t sum = 0;
    for (uint32_t i = frame->checksum_start; i < bytes; i += 2)
        sum += (uint32_t)data[i] << 8 | (i + 1 < bytes ? data[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    sum = ~sum & 0xffff;
    data[frame->checksum_start + frame->checksum_offset] = (uint8_t)(sum >> 8);
    data[frame->checksum_start + frame->checksum_offset + 1] = (uint8_t)sum;
}

int nic_send(struct nic_send *frame)
{
    if (sending_count >= send_room) {
        full = true;
        return -EAGAIN;
    }
    struct sending *s = malloc(sizeof *s);
    ASSERT(s);
    s->bytes = gather(frame, s->data);
    if (!s->bytes) {
        free(s);
        return -EINVAL;
    }
    s->next = NULL;
    s->frame = frame;
    *sending_end = s;
    sending_end = &s->next;
    sending_count++;
    counts.frames_sent++;
    counts.bytes_sent += s->bytes;
    uint8_t out[NIC_FRAME_MAX];
    memcpy(out, s->data, s->bytes);
    if (frame->checksum_offset)
        complete_sum(frame, out, s->bytes);
    if (peer)
        peer(out, s->bytes);
    return 0;
}

struct nic_send *nic_sent(void)
{
    struct sending *s = sending;
    uint8_t now[NIC_FRAME_MAX];
    if (!s)
        return NULL;
    if (gather(s->frame, now) != s->bytes || memcmp(now, s->data, s->bytes) != 0)
        panic("a frame was changed while it was being sent");
    struct nic_send *frame = s->frame;
    sending = s->next;
    if (!sending)
        sending_end = &sending;
    free(s);
    sending_count--;
    if (full) {
        full = false;
        interrupt();
    }
    return frame;
}

struct nic_frame *nic_receive(void)
{
    if (list_empty(&arrived) || lent == NIC_LENT_MAX)
        return NULL;
    struct nic_frame *frame = LIST_ENTRY(arrived.next, struct nic_frame, link);
    list_remove(&frame->link);
    arrived_count--;
    lent++;
    counts.frames_received++;
    counts.bytes_received += frame->bytes;
    return frame;
}

bool nic_pending(void)
{
    quiet = list_empty(&arrived);
    return !quiet;
}

void nic_give(struct nic_frame *frame)
{
    ASSERT(lent);
    lent--;
    frame_free(frame);
}

unsigned nic_room(void)
{
    unsigned taken = arrived_count + lent;
    return taken < receive_room ? receive_room - taken : 0;
}

int nic_claim(const struct nic_filter *filter)
{
    if (filter->test_count == 0 || filter->test_count > NIC_TESTS_MAX)
        return -EINVAL;
    for (const struct nic_test *t = filter->tests; t < filter->tests + filter->test_count; t++)
        if (t->base > NIC_TRANSPORT || (t->bytes != 1 && t->bytes != 2 && t->bytes != 4) || t->value & ~t->mask)
            return -EINVAL;
    for (unsigned i = 0; i < CLAIMS_MAX; i++) {
        if (claims[i].test_count == 0) {
            claims[i] = *filter;
            return (int)i;
        }
    }
    return -ENOSPC;
}

void nic_claim_end(int claim)
{
    ASSERT(claim >= 0 && claim < (int)CLAIMS_MAX && claims[claim].test_count);
    claims[claim].test_count = 0;
}

void nic_books(struct nic_books *out)
{
    *out = counts;
}

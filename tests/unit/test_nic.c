/* SPDX-License-Identifier: MIT */
/* test_nic.c: the network driver against a device in memory: honest, scarce, and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/errno.h"
#include "fake_net.h"
#include "host.h"
#include "machine/virtio.h"
#include "nic_part.h"

static unsigned ready_calls;
static uint64_t random_state;
static uint8_t *pages; /* what is sent from: three pages */

static void ready(void *arg)
{
    assert_ptr_equal(arg, &ready_calls);
    ready_calls++;
}

static unsigned choose(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % n;
}

/* The driver has no end of its own: it lives as long as the machine. */
static void end(void)
{
    if (!nic.buffers)
        return;
    nic_memory_free();
    nic.buffers = NULL;
}

static int cleanup(void **state)
{
    (void)state;
    host_alloc_fail(0);
    end();
    alloc_pages_free(pages, 2);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    end();
    fake_net_reset();
    ready_calls = 0;
    random_state = 1;
    pages = alloc_pages(2);
    for (unsigned i = 0; i < 4 * PAGE_BYTES; i++)
        pages[i] = (uint8_t)(i * 7 + i / 251);
    return 0;
}

static void start(void)
{
    assert_int_equal(nic_init(ready, &ready_calls), 0);
}

static struct nic_books books(void)
{
    struct nic_books now;
    nic_books(&now);
    return now;
}

static void fill(uint8_t *frame, unsigned bytes, unsigned seed)
{
    for (unsigned i = 0; i < bytes; i++)
        frame[i] = (uint8_t)(i * 31 + seed * 17 + i / 256);
}

/* A frame comes, and is what it was. */
static void receive_check(unsigned bytes, unsigned seed)
{
    uint8_t wanted[NIC_FRAME_MAX];
    struct nic_frame *frame = nic_receive();
    assert_non_null(frame);
    fill(wanted, bytes, seed);
    assert_int_equal(frame->bytes, bytes);
    assert_memory_equal(frame->data, wanted, bytes);
    nic_give(frame);
}

static bool deliver(unsigned bytes, unsigned seed)
{
    uint8_t frame[NIC_FRAME_MAX];
    fill(frame, bytes, seed);
    return fake_net_deliver(frame, bytes);
}

static void test_init(void **state)
{
    struct nic_info info;
    (void)state;
    start();
    assert_int_equal(fake_net.status, 15);
    assert_int_equal(fake_net.accepted, UINT64_C(1) << VIRTIO_F_VERSION_1 | FAKE_NET_EVENT_IDX | FAKE_NET_F_CSUM |
                                            FAKE_NET_F_GUEST_CSUM | FAKE_NET_F_MAC);
    nic_info(&info);
    assert_memory_equal(info.address, fake_net.config, 6);
    assert_true(info.sums_sent && info.sums_received);
    assert_int_equal(fake_net_waiting(0), nic_room());
    assert_int_equal(nic_room(), VIRTIO_QUEUE_MAX);
    assert_null(nic_receive());
    assert_false(nic_pending());
    assert_null(nic_sent());
    assert_int_equal(nic_claim(&(struct nic_filter){.test_count = 1}), 0);
    nic_claim_end(0);
}

static void test_plain(void **state)
{
    struct nic_info info;
    (void)state;
    fake_net.features = UINT64_C(1) << VIRTIO_F_VERSION_1;
    start();
    nic_info(&info);
    assert_false(info.sums_sent || info.sums_received);
    assert_int_equal(info.address[0] & 3, 2); /* one of its own, for one station */
}

static void test_init_errors(void **state)
{
    (void)state;
    fake_net.no_device = true;
    assert_int_equal(nic_init(ready, &ready_calls), -ENODEV);
    fake_net.no_device = false;
    fake_net.refuses = true;
    assert_int_equal(nic_init(ready, &ready_calls), -EIO);
    fake_net.refuses = false;
    fake_net.config[0] |= 1;
    assert_int_equal(nic_init(ready, &ready_calls), -EIO);
    fake_net.config[0] &= ~1;
    fake_net.queue_size[1] = NIC_SEGMENTS_MAX;
    assert_int_equal(nic_init(ready, &ready_calls), -EIO);
    fake_net.queue_size[1] = 0;
    assert_int_equal(nic_init(ready, &ready_calls), -EIO);
    fake_net.queue_size[1] = 32;
    fake_net.queue_size[0] = 1;
    start();
    assert_int_equal(nic_room(), 1);
}

static void test_no_memory(void **state)
{
    unsigned n = 0;
    (void)state;
    for (int error = -ENOMEM; error; n++) {
        uint64_t objects = host_alloc_objects_out(), frames = host_alloc_pages_out();
        host_alloc_fail(n + 1);
        error = nic_init(ready, &ready_calls);
        if (!host_alloc_failed())
            break;
        assert_int_equal(error, -ENOMEM);
        assert_int_equal(fake_net.status, 0);
        assert_int_equal(host_alloc_objects_out(), objects);
        assert_int_equal(host_alloc_pages_out(), frames);
    }
    assert_in_range(n, VIRTIO_QUEUE_MAX / 2 + 3, VIRTIO_QUEUE_MAX / 2 + 5);
}

static void test_receive(void **state)
{
    uint64_t bytes = 0;
    (void)state;
    start();
    for (unsigned n = NIC_FRAME_MIN; n <= NIC_FRAME_MAX; n++, bytes += n - 1) {
        assert_true(deliver(n, n));
        receive_check(n, n);
        assert_null(nic_receive());
    }
    assert_int_equal(books().frames_received, NIC_FRAME_MAX - NIC_FRAME_MIN + 1);
    assert_int_equal(books().bytes_received, bytes);
    assert_int_equal(books().dropped, 0);
}

/* One interrupt for all that comes until nic_pending finds nothing, and none before somebody asks; on past the wrap of
   the rings' indices. */
static void batches(void)
{
    for (unsigned i = 0; i < 2500; i++) {
        unsigned calls = ready_calls, interrupts = books().interrupts, n = 1 + i % 40;
        for (unsigned k = 0; k < n; k++)
            assert_true(deliver(60, i + k));
        assert_int_equal(ready_calls, calls + 1);
        for (unsigned k = 0; k < n; k++) {
            assert_true(deliver(70, i - k));
            receive_check(60, i + k);
        }
        for (unsigned k = 0; k < n; k++)
            receive_check(70, i - k);
        assert_null(nic_receive());
        assert_true(deliver(80, i));
        assert_int_equal(books().interrupts, interrupts + 1);
        assert_true(nic_pending());
        receive_check(80, i);
        assert_int_equal(books().interrupts, interrupts + 1);
        assert_false(nic_pending());
    }
    assert_int_equal(ready_calls, 2500);
    assert_int_equal(fake_net.interrupts, fake_net.acks);
    assert_int_equal(books().dropped, 0);
}

static void test_batches(void **state)
{
    (void)state;
    start();
    batches();
    assert_true(fake_net.queues[0].notifies < 10); /* it never ran out of buffers */
}

static void test_batches_flags(void **state)
{
    (void)state;
    fake_net.features &= ~FAKE_NET_EVENT_IDX;
    start();
    batches();
}

/* Frames that are not given back are missed, and the device is told when there is room again. */
static void test_lent(void **state)
{
    struct nic_frame *lent[VIRTIO_QUEUE_MAX];
    (void)state;
    start();
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < VIRTIO_QUEUE_MAX; i++) {
            assert_int_equal(nic_room(), VIRTIO_QUEUE_MAX - i);
            assert_true(deliver(100, i));
            assert_non_null(lent[i] = nic_receive());
        }
        assert_int_equal(nic_room(), 0);
        assert_false(deliver(100, 0));
        assert_null(nic_receive());
        unsigned notifies = fake_net.queues[0].notifies;
        nic_give(lent[5]);
        assert_int_equal(fake_net.queues[0].notifies, notifies + 1);
        assert_true(deliver(100, 5));
        assert_ptr_equal(nic_receive(), lent[5]);
        for (unsigned i = 0; i < VIRTIO_QUEUE_MAX; i++) {
            uint8_t wanted[100];
            unsigned at = (i * 37 + round) % VIRTIO_QUEUE_MAX;
            fill(wanted, 100, at);
            assert_memory_equal(lent[at]->data, wanted, 100);
            nic_give(lent[at]);
        }
        assert_int_equal(fake_net_waiting(0), VIRTIO_QUEUE_MAX);
    }
}

/* All buffers are used and wait to be taken, one at a time: the device must hear of the first that comes back. */
static void test_starved(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < VIRTIO_QUEUE_MAX; i++)
        assert_true(deliver(60, i));
    assert_false(deliver(60, 0));
    unsigned notifies = fake_net.queues[0].notifies;
    receive_check(60, 0);
    assert_int_equal(fake_net.queues[0].notifies, notifies + 1);
    assert_true(deliver(60, VIRTIO_QUEUE_MAX));
    for (unsigned i = 1; i <= VIRTIO_QUEUE_MAX; i++)
        receive_check(60, i);
}

static void test_sums_received(void **state)
{
    struct nic_frame *frame;
    (void)state;
    start();
    for (unsigned flags = 0; flags < 4; flags++) {
        fake_net.header.flags = (uint8_t)flags;
        fake_net.header.start = 34;
        fake_net.header.offset = 64; /* and two bytes are 100 */
        assert_true(deliver(100, flags));
        assert_non_null(frame = nic_receive());
        assert_int_equal(frame->checked, flags != 0);
        nic_give(frame);
        assert_true(deliver(99, flags));
        frame = nic_receive();
        assert_int_equal(frame != NULL, !(flags & 1));
        if (frame)
            nic_give(frame);
    }
    assert_int_equal(books().dropped, 2);
    cleanup(state);
    setup(state);
    fake_net.features &= ~FAKE_NET_F_GUEST_CSUM;
    start();
    fake_net.header.flags = 3;
    assert_true(deliver(100, 0));
    assert_non_null(frame = nic_receive());
    assert_false(frame->checked);
    nic_give(frame);
}

/* Lengths and headers that cannot be: the frame is dropped, its buffer is used again. */
static void test_malformed(void **state)
{
    static const uint32_t lengths[] = {0, 1, 12, 25, UINT32_MAX - 11, UINT32_MAX};
    (void)state;
    start();
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct fake_net_queue *q = &fake_net.queues[0];
        uint16_t head = q->available[2 + q->available_next++ % q->size];
        memcpy((void *)q->descriptors[head].address, &fake_net.header, sizeof fake_net.header);
        fake_net_claim(0, head, lengths[i]);
        struct nic_frame *frame = nic_receive();
        assert_int_equal(frame != NULL, lengths[i] > 1000);
        if (frame) {
            assert_int_equal(frame->bytes, NIC_FRAME_MAX); /* it cannot have written more */
            nic_give(frame);
        }
    }
    assert_int_equal(books().dropped, 4);
    fake_net.header.gso = 1;
    assert_true(deliver(100, 0));
    fake_net.header.gso = 4;
    assert_true(deliver(100, 0));
    assert_null(nic_receive());
    assert_int_equal(books().dropped, 6);
    assert_int_equal(fake_net_waiting(0), VIRTIO_QUEUE_MAX);
    assert_int_equal(nic_room(), VIRTIO_QUEUE_MAX);
}

/* A device that claims whatever it likes: no frame is lent twice, none is longer than its buffer. */
static void test_hostile(void **state)
{
    static struct nic_frame *lent[NIC_LENT_MAX];
    static struct nic_send frames[64];
    static bool out[64];
    unsigned count = 0;
    (void)state;
    start();
    for (unsigned i = 0; i < VIRTIO_QUEUE_MAX; i++)
        memcpy((void *)fake_net.queues[0].descriptors[i].address, &fake_net.header, sizeof fake_net.header);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned queue = choose(2);
        fake_net_claim(queue, choose(8) ? choose(fake_net.queues[queue].size + 2) : choose(UINT32_MAX >> 2) * 4,
                       choose(4) ? choose(1600) : UINT32_MAX - choose(20));
        fake_net_tell(queue);
        if (choose(2) && count < NIC_LENT_MAX) {
            struct nic_frame *frame = nic_receive();
            for (unsigned k = 0; frame && k < count; k++)
                assert_ptr_not_equal(frame, lent[k]);
            if (frame) {
                assert_in_range(frame->bytes, NIC_FRAME_MIN, NIC_FRAME_MAX);
                lent[count++] = frame;
            }
        }
        if (count && choose(3) == 0) {
            unsigned at = choose(count);
            nic_give(lent[at]);
            lent[at] = lent[--count];
        }
        unsigned at = choose(64);
        if (!out[at]) {
            frames[at].segment_count = 1 + choose(3);
            for (unsigned k = 0; k < frames[at].segment_count; k++)
                frames[at].segments[k] = (struct nic_segment){pages + choose(8) * 500, 1 + choose(90) + 14};
            int error = nic_send(&frames[at]);
            assert_true(error == 0 || error == -EAGAIN);
            out[at] = error == 0;
        }
        struct nic_send *sent = choose(2) ? nic_sent() : NULL;
        if (sent) {
            assert_true(out[sent - frames]);
            out[sent - frames] = false;
        }
    }
    assert_int_equal(nic_room() + count, VIRTIO_QUEUE_MAX);
    assert_true(books().frames_received > 1000 && books().frames_sent > 1000);
}

/* A frame of count segments of bytes each, from pages on. */
static void shape(struct nic_send *frame, unsigned count, unsigned bytes)
{
    memset(frame, 0, sizeof *frame);
    frame->segment_count = count;
    for (unsigned i = 0; i < count && i < NIC_SEGMENTS_MAX; i++)
        frame->segments[i] = (struct nic_segment){pages + i * 600 % PAGE_BYTES + i / 4 * 90, bytes};
}

/* What the device gets is the frame's segments, one after the other. */
static int take_check(const struct nic_send *frame, unsigned start, unsigned offset)
{
    struct fake_net_header header;
    uint8_t data[NIC_FRAME_MAX];
    size_t bytes, at = 0;
    int head = fake_net_take(&header, data, &bytes);
    assert_true(head >= 0);
    assert_int_equal(header.flags, offset != 0);
    assert_int_equal(header.gso | header.header_bytes | header.gso_bytes | header.buffers, 0);
    assert_int_equal(header.start, start);
    assert_int_equal(header.offset, offset);
    for (unsigned i = 0; i < frame->segment_count; at += frame->segments[i++].bytes)
        assert_memory_equal(data + at, frame->segments[i].data, frame->segments[i].bytes);
    assert_int_equal(bytes, at);
    return head;
}

static void test_send(void **state)
{
    struct nic_send frame;
    uint64_t bytes = 0;
    (void)state;
    start();
    for (unsigned count = 1; count <= NIC_SEGMENTS_MAX; count++) {
        for (unsigned each = (NIC_FRAME_MIN + count - 1) / count; each * count <= NIC_FRAME_MAX; each += 13) {
            unsigned notifies = fake_net.queues[1].notifies;
            shape(&frame, count, each);
            assert_int_equal(nic_send(&frame), 0);
            assert_int_equal(fake_net.queues[1].notifies, notifies + 1);
            assert_null(nic_sent());
            fake_net_claim(1, (uint32_t)take_check(&frame, 0, 0), 0);
            fake_net_tell(1);
            assert_ptr_equal(nic_sent(), &frame);
            assert_null(nic_sent());
            bytes += each * count;
        }
    }
    assert_int_equal(books().bytes_sent, bytes);
    assert_int_equal(ready_calls, 0);
    assert_int_equal(fake_net.interrupts, 0);
}

static void test_shapes(void **state)
{
    struct nic_send frame;
    (void)state;
    start();
    static const unsigned wrong[][2] = {
        {0, 60},   {17, 60},        {UINT32_MAX, 60},         {1, 13}, {1, 1515}, {16, 100},       {1, 0},
        {2, 4097}, {1, UINT32_MAX}, {2, UINT32_MAX / 2 + 40}, {3, 4},  {13, 1},   {2, 0x80000007}, {16, 0x10000001u}};
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        shape(&frame, wrong[i][0], wrong[i][1]);
        assert_int_equal(nic_send(&frame), -EINVAL);
    }
    shape(&frame, 1, 60);
    frame.segments[0].data = pages + PAGE_BYTES - 59;
    assert_int_equal(nic_send(&frame), -EINVAL);
    assert_int_equal(fake_net_waiting(1), 0);
    frame.segments[0].data = pages + PAGE_BYTES - 60;
    assert_int_equal(nic_send(&frame), 0);
    take_check(&frame, 0, 0);
}

static void test_sums_sent(void **state)
{
    struct nic_send frame;
    (void)state;
    start();
    shape(&frame, 2, 50);
    static const struct {
        uint16_t start, offset;
        int answer;
    } cases[] = {{34, 16, 0}, {34, 6, 0}, {34, 64, 0}, {34, 65, -EINVAL}, {65535, 65535, -EINVAL}, {98, 1, -EINVAL}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        frame.checksum_start = cases[i].start;
        frame.checksum_offset = cases[i].offset;
        assert_int_equal(nic_send(&frame), cases[i].answer);
        if (cases[i].answer == 0)
            take_check(&frame, cases[i].start, cases[i].offset);
    }
    frame.checksum_offset = 0; /* a later one with the same descriptors is complete again */
    for (unsigned i = 0; i < 3 * VIRTIO_QUEUE_MAX; i++) {
        if (nic_send(&frame))
            break;
        fake_net_claim(1, (uint32_t)take_check(&frame, 0, 0), 0);
        nic_sent();
    }
    cleanup(state);
    setup(state);
    fake_net.features &= ~FAKE_NET_F_CSUM;
    start();
    frame.checksum_start = 34;
    frame.checksum_offset = 16;
    assert_int_equal(nic_send(&frame), -EINVAL);
}

/* The queue fills, the device sends in any order, and tells when there is room again. */
static void fill_and_drain(unsigned segments)
{
    static struct nic_send frames[VIRTIO_QUEUE_MAX];
    static int heads[VIRTIO_QUEUE_MAX];
    unsigned n = 0, back = 0, calls = ready_calls;
    shape(&frames[0], segments, 30);
    while (nic_send(&frames[n]) == 0)
        shape(&frames[++n], segments, 30);
    assert_int_equal(n, VIRTIO_QUEUE_MAX / (segments + 1));
    assert_int_equal(nic_send(&frames[n]), -EAGAIN);
    for (unsigned i = 0; i < n; i++)
        heads[i] = take_check(&frames[i], 0, 0);
    for (unsigned i = 0; i < n; i++) {
        unsigned at = i + choose(n - i);
        int head = heads[at];
        heads[at] = heads[i];
        fake_net_claim(1, (uint32_t)head, 0);
        fake_net_tell(1);
        assert_true(ready_calls == calls || i + 1 >= n / 2 || !(fake_net.accepted & FAKE_NET_EVENT_IDX));
    }
    assert_int_equal(ready_calls, calls + 1);
    assert_int_equal(nic_send(&frames[n]), 0); /* found the room by itself, and what was sent is not lost */
    fake_net_claim(1, (uint32_t)take_check(&frames[n], 0, 0), 0);
    fake_net_tell(1);
    for (struct nic_send *frame; (frame = nic_sent()); back++) {
        assert_true(frame >= frames && frame <= &frames[n] && frame->segment_count);
        frame->segment_count = 0;
    }
    assert_int_equal(back, n + 1);
    assert_int_equal(ready_calls, calls + 1);
}

static void test_full(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 400; i++)
        fill_and_drain(1 + i % NIC_SEGMENTS_MAX);
}

static void test_full_flags(void **state)
{
    (void)state;
    fake_net.features &= ~FAKE_NET_EVENT_IDX;
    start();
    for (unsigned i = 0; i < 400; i++)
        fill_and_drain(1 + i % NIC_SEGMENTS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, cleanup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_init),       TEST(test_plain),         TEST(test_init_errors),   TEST(test_no_memory),
        TEST(test_receive),    TEST(test_batches),       TEST(test_batches_flags), TEST(test_lent),
        TEST(test_starved),    TEST(test_sums_received), TEST(test_malformed),     TEST(test_hostile),
        TEST(test_send),       TEST(test_shapes),        TEST(test_sums_sent),     TEST(test_full),
        TEST(test_full_flags),
    };
    return cmocka_run_group_tests_name("nic", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_virtio.c: negotiation and the split queue against a device in memory, first honest, then hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "fake_virtio.h"

#define EVENT_IDX (UINT64_C(1) << VIRTIO_F_EVENT_IDX)

static struct virtio_device device;
static struct virtio_queue queue;
static const struct virtio_buffer three[] = {{0x1000, 16, false}, {0x2000, 512, true}, {0x3000, 1, true}};
static int tokens[VIRTIO_QUEUE_MAX];

static int setup(void **state)
{
    (void)state;
    fake_reset();
    fake_device(&device);
    return virtio_start(&device, EVENT_IDX) || virtio_queue_init(&queue, &device, 0);
}

static int cleanup(void **state)
{
    (void)state;
    fake_cleanup();
    return 0;
}

/* The free list has no loop, has free_count members, and none of them begins a chain in flight. */
static void check_queue(void)
{
    unsigned in_flight = 0, at = queue.free_head;
    uint8_t seen[VIRTIO_QUEUE_MAX] = {0};
    for (unsigned i = 0; i < queue.free_count; i++) {
        assert_in_range(at, 0, queue.size - 1);
        assert_int_equal(seen[at]++, 0);
        assert_null(queue.chains[at].token);
        at = queue.next[at];
    }
    for (unsigned i = 0; i < queue.size; i++)
        if (queue.chains[i].token)
            in_flight += queue.chains[i].count;
    assert_int_equal(in_flight + queue.free_count, queue.size);
}

static void test_start(void **state)
{
    (void)state;
    assert_int_equal(fake.accepted, UINT64_C(1) << VIRTIO_F_VERSION_1 | EVENT_IDX);
    assert_int_equal(fake.status, 1 | 2 | 8);
    virtio_ready(&device);
    assert_int_equal(fake.status, 1 | 2 | 4 | 8);
    assert_int_equal(virtio_config_read64(&device, 0), FAKE_SECTORS);
    assert_int_equal(virtio_config_read32(&device, 12), 126);
    assert_int_equal(queue.size, VIRTIO_QUEUE_MAX);
    fake.refuses = 1;
    assert_int_equal(virtio_start(&device, 0), -ENODEV);
    fake.refuses = 0;
    fake.features = EVENT_IDX;
    assert_int_equal(virtio_start(&device, 0), -ENODEV);
}

static void test_init_errors(void **state)
{
    (void)state;
    assert_int_equal(virtio_queue_init(&queue, &device, 1), -ENODEV);
    assert_int_equal(virtio_queue_init(&queue, &device, VIRTIO_QUEUES_MAX), -ENODEV);
    fake.no_memory = 1;
    assert_int_equal(virtio_queue_init(&queue, &device, 0), -ENOMEM);
    fake.no_memory = 0;
    fake.queue_size = 100;
    assert_int_equal(virtio_queue_init(&queue, &device, 0), 0);
    assert_int_equal(queue.size, 64);
}

static void test_chain(void **state)
{
    (void)state;
    uint16_t head;
    uint32_t written;
    assert_int_equal(virtio_queue_add(&queue, three, 3, &tokens[0]), 0);
    assert_true(fake_pop(&head));
    const struct fake_descriptor *d = &fake.descriptors[head];
    for (unsigned i = 0; i < 3; i++, d = &fake.descriptors[d->next]) {
        assert_int_equal(d->address, three[i].address);
        assert_int_equal(d->bytes, three[i].bytes);
        assert_int_equal(d->flags, (i < 2) | three[i].device_writes << 1);
    }
    assert_false(fake_pop(&head));
    assert_null(virtio_queue_take(&queue, &written));
    fake_push(head, 100);
    assert_ptr_equal(virtio_queue_take(&queue, &written), &tokens[0]);
    assert_int_equal(written, 100);
    assert_null(virtio_queue_take(&queue, &written));
    check_queue();
}

static void test_full(void **state)
{
    (void)state;
    uint16_t heads[VIRTIO_QUEUE_MAX];
    uint32_t written;
    unsigned n = 0;
    while (virtio_queue_add(&queue, three, 3, &tokens[n]) == 0)
        n++;
    assert_int_equal(n, VIRTIO_QUEUE_MAX / 3);
    assert_int_equal(virtio_queue_add(&queue, three, 0, &tokens[0]), -ENOSPC);
    check_queue();
    for (unsigned i = 0; i < n; i++)
        assert_true(fake_pop(&heads[i]));
    for (unsigned i = n; i-- > 0;)
        fake_push(heads[i], 1);
    for (unsigned i = n; i-- > 0;)
        assert_ptr_equal(virtio_queue_take(&queue, &written), &tokens[i]);
    assert_int_equal(queue.free_count, VIRTIO_QUEUE_MAX);
    check_queue();
}

/* With event indices the device is told only when it said it had seen everything before. */
static void test_kick_events(void **state)
{
    (void)state;
    uint16_t head;
    virtio_queue_kick(&queue);
    assert_int_equal(fake.notifies, 0);
    virtio_queue_add(&queue, three, 3, &tokens[0]);
    virtio_queue_kick(&queue);
    assert_int_equal(fake.notifies, 1);
    virtio_queue_add(&queue, three, 3, &tokens[1]);
    virtio_queue_kick(&queue);
    assert_int_equal(fake.notifies, 1);
    while (fake_pop(&head))
        fake_push(head, 1);
    virtio_queue_add(&queue, three, 3, &tokens[2]);
    virtio_queue_add(&queue, three, 3, &tokens[3]);
    virtio_queue_kick(&queue);
    assert_int_equal(fake.notifies, 2);
    uint32_t written;
    virtio_queue_take(&queue, &written);
    virtio_queue_take(&queue, &written);
    assert_int_equal(*fake_used_event(), 0);
    assert_null(virtio_queue_take(&queue, &written));
    assert_int_equal(*fake_used_event(), 2);
}

static void test_kick_flags(void **state)
{
    (void)state;
    assert_int_equal(virtio_start(&device, 0), 0);
    assert_int_equal(virtio_queue_init(&queue, &device, 0), 0);
    virtio_queue_add(&queue, three, 3, &tokens[0]);
    virtio_queue_kick(&queue);
    fake.used[0] = 1;
    virtio_queue_add(&queue, three, 3, &tokens[1]);
    virtio_queue_kick(&queue);
    assert_int_equal(fake.notifies, 1);
}

/* The indices have 16 bits and wrap. */
static void test_wrap(void **state)
{
    (void)state;
    uint16_t head;
    uint32_t written;
    for (unsigned i = 0; i < 200000; i++) {
        unsigned notifies = fake.notifies;
        assert_int_equal(virtio_queue_add(&queue, three, 1 + i % 3, &tokens[i % 7]), 0);
        virtio_queue_kick(&queue);
        assert_int_equal(fake.notifies, notifies + 1);
        assert_true(fake_pop(&head));
        fake_push(head, 0);
        assert_ptr_equal(virtio_queue_take(&queue, &written), &tokens[i % 7]);
        assert_null(virtio_queue_take(&queue, &written));
    }
    check_queue();
}

static void test_hostile_entries(void **state)
{
    (void)state;
    uint32_t written;
    uint16_t head;
    virtio_queue_add(&queue, three, 3, &tokens[0]);
    assert_true(fake_pop(&head));
    fake_push(queue.size, 1);
    fake_push(UINT32_MAX, 1);
    fake_push(head + 1u, 1); /* inside the chain */
    fake_push(head, UINT32_MAX);
    fake_push(head, 1);
    assert_ptr_equal(virtio_queue_take(&queue, &written), &tokens[0]);
    assert_int_equal(written, 513);
    assert_null(virtio_queue_take(&queue, &written));
    fake.used[1] += 40000;
    assert_null(virtio_queue_take(&queue, &written));
    check_queue();
}

/* A device that writes anything anywhere in the shared page, at any time: the queue's own state stays whole. */
static void test_hostile_page(void **state)
{
    (void)state;
    uint8_t *page = (uint8_t *)fake.descriptors;
    uint32_t written;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned count = 1 + (unsigned)rand() % 3;
        int *token = &tokens[rand() % VIRTIO_QUEUE_MAX];
        int error = virtio_queue_add(&queue, three, count, token);
        assert_true(error == 0 || (error == -ENOSPC && queue.free_count < count));
        virtio_queue_kick(&queue);
        for (unsigned i = 0; i < 64; i++)
            page[rand() % 4096] = (uint8_t)rand();
        fake.used[1] = (uint16_t)(queue.used_index + rand() % 4);
        for (unsigned i = 0; i < 4; i++)
            fake_used_ring()[(uint16_t)(queue.used_index + i) % fake.size].head = (uint32_t)rand() % 140;
        for (int *got; (got = virtio_queue_take(&queue, &written));) {
            assert_in_range(got - tokens, 0, VIRTIO_QUEUE_MAX - 1);
            assert_in_range(written, 0, 513);
        }
        check_queue();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, cleanup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start), TEST(test_init_errors),     TEST(test_chain),
        TEST(test_full),  TEST(test_kick_events),     TEST(test_kick_flags),
        TEST(test_wrap),  TEST(test_hostile_entries), TEST(test_hostile_page),
    };
    return cmocka_run_group_tests_name("virtio", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_blk.c: the disk driver against a disk in memory: every shape of request, every feature, every failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/errno.h"
#include "blk.h"
#include "fake_virtio.h"

#define BIT(n) (UINT64_C(1) << (n))
#define REQUESTS 100

static uint8_t memory[BLK_SEGMENTS_MAX * PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t copy[sizeof memory] __attribute__((aligned(4096)));
static struct blk_request request, requests[REQUESTS];

static int setup(void **state)
{
    (void)state;
    fake_reset();
    for (unsigned i = 0; i < FAKE_SECTORS * 512; i++)
        fake.disk[i] = (uint8_t)(i / 512 * 31 + i);
    memset(memory, 0, sizeof memory);
    return 0;
}

static int cleanup(void **state)
{
    (void)state;
    fake_cleanup();
    return 0;
}

static void config_set(unsigned offset, uint32_t value)
{
    memcpy(fake.config + offset, &value, sizeof value);
}

/* A request for count segments of bytes each, one to a page, from data on. */
static void shape(struct blk_request *r, enum blk_op op, uint64_t sector, unsigned count, uint32_t bytes, uint8_t *data)
{
    memset(r, 0xa5, sizeof *r);
    r->op = op;
    r->sector = sector;
    r->segment_count = count;
    for (unsigned i = 0; i < count && i < BLK_SEGMENTS_MAX; i++)
        r->segments[i] = (struct blk_segment){data + i * PAGE_BYTES, bytes};
}

static int transfer(enum blk_op op, uint64_t sector, unsigned count, uint32_t bytes, uint8_t *data)
{
    shape(&request, op, sector, count, bytes, data);
    int error = blk_submit(&request);
    return error ? error : blk_wait(&request);
}

static void test_init(void **state)
{
    (void)state;
    assert_int_equal(blk_init(), 0);
    assert_int_equal(blk_sectors(), FAKE_SECTORS);
    assert_int_equal(fake.status, 15);
    assert_false(fake.accepted & 1);
}

static void test_init_errors(void **state)
{
    (void)state;
    fake.no_device = 1;
    assert_int_equal(blk_init(), -ENODEV);
    fake.no_device = 0;
    fake.no_memory = 1;
    assert_int_equal(blk_init(), -ENOMEM);
    fake.no_memory = 0;
    fake.refuses = 1;
    assert_int_equal(blk_init(), -EIO);
    fake.refuses = 0;
    config_set(20, 0);
    assert_int_equal(blk_init(), -EIO);
    config_set(20, 512);
    fake.queue_size = 2;
    assert_int_equal(blk_init(), -EIO);
    assert_int_equal(blk_sectors(), 0);
}

static void test_read_write(void **state)
{
    (void)state;
    assert_int_equal(blk_init(), 0);
    for (unsigned count = 1; count <= BLK_SEGMENTS_MAX; count++) {
        for (uint32_t bytes = 512; bytes <= PAGE_BYTES; bytes += 1536) {
            uint64_t sector = count * 17 % 1000;
            memset(memory, 0, sizeof memory);
            assert_int_equal(transfer(BLK_READ, sector, count, bytes, memory), 0);
            for (unsigned i = 0; i < count; i++)
                assert_memory_equal(memory + i * PAGE_BYTES, fake.disk + sector * 512 + i * bytes, bytes);
            assert_int_equal(transfer(BLK_WRITE, sector + 2000, count, bytes, memory), 0);
            assert_memory_equal(fake.disk + (sector + 2000) * 512, fake.disk + sector * 512, count * bytes);
        }
    }
    assert_int_equal(fake.longest_chain, BLK_SEGMENTS_MAX + 2);
    assert_int_equal(fake.counted[WIRE_DISK_READ], fake.chains / 2);
    assert_int_equal(fake.counted[WIRE_DISK_WRITE], fake.chains / 2);
    assert_int_equal(fake.irq_depth, 0);
}

/* More requests than the queue holds, finished out of order. */
static void test_many(void **state)
{
    (void)state;
    assert_int_equal(blk_init(), 0);
    fake.last_first = 1;
    for (unsigned i = 0; i < REQUESTS; i++) {
        shape(&requests[i], BLK_READ, i * 3, 1 + i % 3, 512, i % 2 ? memory : copy);
        assert_int_equal(blk_submit(&requests[i]), 0);
        assert_true(i >= VIRTIO_QUEUE_MAX / 5 || fake.sleeps == 0);
    }
    assert_true(fake.sleeps > 0);
    for (unsigned i = 0; i < REQUESTS; i++)
        assert_int_equal(blk_wait(&requests[i]), 0);
    assert_int_equal(fake.chains, REQUESTS);
    assert_true(fake.interrupts < REQUESTS / 4);
    assert_int_equal(fake.interrupts, fake.acks);
}

static void test_shapes(void **state)
{
    (void)state;
    assert_int_equal(blk_init(), 0);
    assert_int_equal(transfer(BLK_READ, 0, 0, 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, BLK_SEGMENTS_MAX + 1, 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, UINT32_MAX, 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, 1, 0, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, 1, 513, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, 1, PAGE_BYTES + 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, 1, PAGE_BYTES, memory + 512), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 0, 1, UINT32_MAX - 511, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, FAKE_SECTORS, 1, 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, FAKE_SECTORS - 1, 1, 1024, memory), -EINVAL);
    assert_int_equal(transfer(BLK_WRITE, UINT64_MAX, 1, 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_FLUSH, 0, 1, 512, memory), -EINVAL);
    assert_int_equal(transfer((enum blk_op)3, 0, 1, 512, memory), -EINVAL);
    assert_int_equal(fake.chains, 0);
    assert_int_equal(fake.counted[WIRE_DISK_READ] + fake.counted[WIRE_DISK_WRITE] + fake.counted[WIRE_DISK_FLUSH], 0);
    assert_int_equal(transfer(BLK_READ, FAKE_SECTORS - 1, 1, 512, memory + 512), 0);
}

static void test_flush(void **state)
{
    (void)state;
    assert_int_equal(blk_init(), 0);
    assert_int_equal(transfer(BLK_FLUSH, 0, 0, 0, memory), 0);
    assert_int_equal(fake.flushes, 1);
    assert_int_equal(fake.counted[WIRE_DISK_FLUSH], 1);
    setup(state);
    fake.features &= ~BIT(FAKE_BLOCK_F_FLUSH);
    assert_int_equal(blk_init(), 0);
    assert_int_equal(transfer(BLK_FLUSH, 0, 0, 0, memory), 0);
    assert_int_equal(fake.chains, 0);
    assert_int_equal(fake.counted[WIRE_DISK_FLUSH], 0);
}

static void test_read_only(void **state)
{
    (void)state;
    fake.features |= BIT(FAKE_BLOCK_F_READ_ONLY);
    assert_int_equal(blk_init(), 0);
    assert_int_equal(transfer(BLK_WRITE, 0, 1, 512, memory), -EROFS);
    assert_int_equal(transfer(BLK_READ, 0, 1, 512, memory), 0);
}

static void test_block_bytes(void **state)
{
    (void)state;
    config_set(20, 4096);
    assert_int_equal(blk_init(), 0);
    assert_int_equal(transfer(BLK_READ, 8, 1, 512, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 4, 1, 4096, memory), -EINVAL);
    assert_int_equal(transfer(BLK_READ, 8, 1, 4096, memory), 0);
    assert_int_equal(transfer(BLK_READ, 8, 8, 512, memory), 0);
}

/* A device with a low limit of segments gets a request in pieces. */
static void test_pieces(void **state)
{
    (void)state;
    for (unsigned limit = 1; limit < 12; limit++) {
        setup(state);
        config_set(12, limit);
        assert_int_equal(blk_init(), 0);
        unsigned all = 0;
        for (unsigned count = 1; count <= BLK_SEGMENTS_MAX; count += 5) {
            fake.chains = 0;
            memset(memory, 0, sizeof memory);
            assert_int_equal(transfer(BLK_READ, 40, count, PAGE_BYTES, memory), 0);
            assert_memory_equal(memory, fake.disk + 40 * 512, count * PAGE_BYTES);
            assert_int_equal(fake.chains, (count + limit - 1) / limit);
            assert_int_equal(fake.counted[WIRE_DISK_READ], all += fake.chains);
            assert_true(fake.longest_chain <= limit + 2);
        }
    }
    fake.reply = 1;
    fake.chains = 0;
    assert_int_equal(transfer(BLK_READ, 40, BLK_SEGMENTS_MAX, PAGE_BYTES, memory), -EIO);
    assert_int_equal(fake.chains, 1);
}

static void test_small_queue(void **state)
{
    (void)state;
    fake.queue_size = 4;
    assert_int_equal(blk_init(), 0);
    assert_int_equal(transfer(BLK_READ, 40, BLK_SEGMENTS_MAX, PAGE_BYTES, memory), 0);
    assert_memory_equal(memory, fake.disk + 40 * 512, sizeof memory);
}

static void test_errors(void **state)
{
    (void)state;
    assert_int_equal(blk_init(), 0);
    static const int replies[] = {1, 2, 77, -1};
    for (unsigned i = 0; i < sizeof replies / sizeof *replies; i++) {
        fake.reply = replies[i];
        assert_int_equal(transfer(BLK_READ, 0, 1, 512, memory), -EIO);
    }
    fake.reply = 0;
    assert_int_equal(transfer(BLK_READ, 0, 1, 512, memory), 0);
}

static void test_no_event_index(void **state)
{
    (void)state;
    fake.features &= ~BIT(VIRTIO_F_EVENT_IDX);
    assert_int_equal(blk_init(), 0);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(transfer(BLK_READ, i, 1, 512, memory), 0);
    assert_int_equal(fake.interrupts, 300);
    assert_int_equal(fake.notifies, 300);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, cleanup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_init),   TEST(test_init_errors), TEST(test_read_write), TEST(test_many),
        TEST(test_shapes), TEST(test_flush),       TEST(test_read_only),  TEST(test_block_bytes),
        TEST(test_pieces), TEST(test_small_queue), TEST(test_errors),     TEST(test_no_event_index),
    };
    return cmocka_run_group_tests_name("blk", tests, NULL, NULL);
}

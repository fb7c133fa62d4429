/* SPDX-License-Identifier: MIT */
/* fs_test_file.c: contents of files: reading what mke2fs wrote, writing what debugfs reads. */
#include "fs_fixture.h"

static uint8_t *big_pattern(void)
{
    uint8_t *p = malloc(BIG_BYTES);
    pattern_fill(p, BIG_SEED, 0, BIG_BYTES);
    return p;
}

static void test_read(void **state)
{
    (void)state;
    uint8_t *want = big_pattern(), got[10000];
    int node = must_open("/big", 0);
    for (uint64_t at = 0; at < BIG_BYTES; at += 977) {
        uint64_t n = at * 31 % sizeof got, left = BIG_BYTES - at;
        assert_int_equal(fs_read(node, at, (uaddr_t)got, n), n < left ? n : left);
        assert_memory_equal(got, want + at, n < left ? n : left);
        assert_int_equal(fs_load(node, at, got, n), n < left ? n : left);
    }
    assert_int_equal(fs_read(node, BIG_BYTES, (uaddr_t)got, 1), 0);
    assert_int_equal(fs_read(node, UINT64_MAX, (uaddr_t)got, UINT64_MAX), 0);
    assert_int_equal(fs_read(node, 0, (uaddr_t)got, 0), 0);
    fs_close(node);
    must_hold("big", want, BIG_BYTES);
    must_hold("hello.txt", "hello world\n", 12);
    must_hold("dir/sub/../hard", "hello world\n", 12);
    assert_int_equal(fs_read(FS_ROOT, 0, (uaddr_t)got, 1), -EISDIR);
    assert_int_equal(fs_read(99, 0, (uaddr_t)got, 1), -EBADF);
    node = must_open("link", FS_LINK);
    assert_int_equal(fs_read(node, 0, (uaddr_t)got, 1), -EINVAL);
    fs_close(node);
    free(want);
}

static void test_read_holes(void **state)
{
    (void)state;
    uint8_t got[9000];
    int node = must_open("holes", 0);
    for (uint64_t at = 0; at < 3000000; at += 8191) {
        int64_t n = fs_read(node, at, (uaddr_t)got, sizeof got);
        for (int64_t i = 0; i < n; i++) {
            uint64_t mark = at + (uint64_t)i - 2000000;
            assert_int_equal(got[i], mark < 4 ? "MARK"[mark] : 0);
        }
    }
    fs_close(node);
}

static void test_read_fault(void **state)
{
    (void)state;
    uint8_t got[20000];
    int node = must_open("big", 0), holes = must_open("holes", 0);
    host_env_range(got, 5000);
    assert_int_equal(fs_read(node, 0, (uaddr_t)(got + 5000), 10), -EFAULT);
    assert_int_equal(fs_read(node, 0, (uaddr_t)(got + 4990), 20), -EFAULT);
    assert_int_equal(fs_read(holes, 0, (uaddr_t)(got + 5000), 10), -EFAULT);
    assert_int_equal(fs_read(node, 0, (uaddr_t)got, 20000), 5000 / block_bytes * block_bytes);
    host_env_range(NULL, 0);
    fs_close(node);
    fs_close(holes);
}

/* Random pieces, compared with a plain array after every write and, at the end, through debugfs. */
static void test_write(void **state)
{
    (void)state;
    enum { BYTES = 400000 };
    uint8_t *model = calloc(1, BYTES), *data = malloc(BYTES);
    uint64_t size = 0, random = 7;
    int node = must_open("new", FS_CREATE | FS_EXCLUSIVE | FS_WRITE);
    for (unsigned i = 0; i < 200; i++) {
        random = random * 6364136223846793005u + 1;
        uint64_t at = (random >> 20) % (BYTES - 30000), n = (random >> 45) % 30000 + 1;
        pattern_fill(data, i, 0, n);
        memcpy(model + at, data, n);
        must_write(node, at, data, n);
        size = at + n > size ? at + n : size;
    }
    fs_close(node);
    must_hold("new", model, size);
    assert_int_equal(fs_sync(), 0);
    assert_clean();
    assert_dump("/new", model, size);
    remount();
    must_hold("new", model, size);
    free(model);
    free(data);
}

static void test_append(void **state)
{
    (void)state;
    uint8_t want[60000];
    int node = must_open("log", FS_CREATE | FS_WRITE);
    for (uint64_t at = 0, n = 1; at + n < sizeof want; at += n, n = n * 7 % 1999 + 1) {
        pattern_fill(want + at, 3, at, n);
        must_write(node, FS_APPEND, want + at, n);
    }
    struct fs_stat stat;
    assert_int_equal(fs_stat(node, &stat), 0);
    fs_close(node);
    must_hold("log", want, stat.bytes);
    assert_int_equal(fs_sync(), 0);
    assert_dump("/log", want, stat.bytes);
}

static void test_write_errors(void **state)
{
    (void)state;
    uint8_t data[20000];
    struct fs_stat before, after;
    uint64_t free_before = blocks_free();
    pattern_fill(data, 5, 0, sizeof data);
    int node = must_open("f", FS_CREATE | FS_WRITE);
    host_env_range(data, 5000);
    assert_int_equal(fs_write(node, 0, (uaddr_t)(data + 6000), 10), -EFAULT);
    assert_int_equal(fs_write(node, 100, (uaddr_t)(data + 4990), 20), -EFAULT);
    assert_int_equal(fs_stat(node, &after), 0);
    assert_int_equal(after.bytes, 0);
    assert_int_equal(blocks_free(), free_before);
    assert_int_equal(fs_write(node, 0, (uaddr_t)data, 20000), 5000 / block_bytes * block_bytes);
    host_env_range(NULL, 0);
    assert_int_equal(fs_stat(node, &before), 0);
    assert_int_equal(fs_write(node, (uint64_t)1 << 60, (uaddr_t)data, 1), -EFBIG);
    assert_int_equal(fs_write(FS_ROOT, 0, (uaddr_t)data, 1), -EISDIR);
    assert_int_equal(fs_write(node, 0, (uaddr_t)data, 0), 0);
    assert_int_equal(fs_stat(node, &after), 0);
    assert_int_equal(after.bytes, before.bytes);
    fs_close(node);
}

/* Where each level of the block map begins, and a place past 2 GiB.  How many. */
static unsigned find_levels(uint64_t at[5])
{
    uint64_t pointers = block_bytes / 4;
    unsigned count = 0;
    at[count++] = 5;
    at[count++] = 14 * block_bytes;
    at[count++] = (12 + pointers + 3) * block_bytes;
    if (block_bytes < 4096)
        at[count++] = (12 + pointers + pointers * pointers + 7) * block_bytes + 11;
    at[count++] = ((uint64_t)1 << 31) + 12345;
    return count;
}

static void check_levels(int node, const uint64_t *at, unsigned count)
{
    uint8_t byte, zeros[100] = {0}, got[100];
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(fs_read(node, at[i], (uaddr_t)&byte, 1), 1);
        assert_int_equal(byte, 'a' + (int)i);
        if (i + 1 == count)
            continue;
        assert_int_equal(fs_read(node, at[i] + 1, (uaddr_t)got, 100), 100);
        assert_memory_equal(got, zeros, 100);
    }
}

static void test_sparse(void **state)
{
    (void)state;
    uint64_t at[5], free_before = blocks_free();
    unsigned count = find_levels(at);
    int node = must_open("sparse", FS_CREATE | FS_WRITE);
    for (unsigned i = 0; i < count; i++)
        must_write(node, at[i], &"abcde"[i], 1);
    check_levels(node, at, count);
    fs_close(node);
    remount();
    node = must_open("sparse", FS_WRITE);
    check_levels(node, at, count);
    for (unsigned i = count; i > 0; i--) { /* shorter and shorter, level by level */
        assert_int_equal(fs_truncate(node, at[i - 1] + 1), 0);
        check_levels(node, at, i);
        assert_int_equal(fs_sync(), 0);
        assert_clean();
    }
    fs_close(node);
    assert_int_equal(fs_unlink(FS_ROOT, "sparse"), 0);
    assert_int_equal(blocks_free(), free_before);
}

/* debugfs, too, finds the data behind three levels; the block map of 1 KiB blocks reaches it soonest. */
static void test_sparse_dump(void **state)
{
    (void)state;
    uint64_t at = 66 << 20;
    if (block_bytes != 1024)
        return;
    uint8_t *want = calloc(1, at + 3);
    memcpy(want + at, "end", 3);
    int node = must_open("sparse", FS_CREATE | FS_WRITE);
    must_write(node, at, "end", 3);
    fs_close(node);
    assert_int_equal(fs_sync(), 0);
    assert_dump("/sparse", want, at + 3);
    free(want);
}

static void test_truncate(void **state)
{
    (void)state;
    uint8_t *want = big_pattern();
    struct fs_stat stat;
    int node = must_open("big", FS_WRITE);
    for (uint64_t size = BIG_BYTES; size > 100; size = size * 2 / 3) {
        assert_int_equal(fs_truncate(node, size), 0);
        memset(want + size, 0, BIG_BYTES - size);
        assert_int_equal(fs_truncate(node, BIG_BYTES), 0);
        must_hold("big", want, BIG_BYTES);
    }
    assert_int_equal(fs_truncate(node, 0), 0);
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(stat.blocks, 0);
    must_write(node, 10000, "x", 1);
    memset(want, 0, 10000);
    want[10000] = 'x';
    must_hold("big", want, 10001);
    fs_close(node);
    node = must_open("hello.txt", FS_TRUNCATE);
    must_hold("dir/hard", "", 0);
    assert_int_equal(fs_truncate(node, UINT64_MAX), -EFBIG);
    assert_int_equal(fs_truncate(FS_ROOT, 0), -EISDIR);
    fs_close(node);
    node = must_open("link", FS_LINK);
    assert_int_equal(fs_truncate(node, 0), -EINVAL);
    fs_close(node);
    free(want);
}

/* What lies behind the end of a file, in its last block, must not come to light when it grows. */
static void test_grow_shows_zeros(void **state)
{
    (void)state;
    uint8_t data[100], want[8192] = {0};
    memset(data, 0xff, sizeof data);
    for (unsigned how = 0; how < 2; how++) {
        int node = must_open("g", FS_CREATE | FS_WRITE | FS_TRUNCATE);
        must_write(node, 0, data, 100);
        assert_int_equal(fs_truncate(node, 50), 0);
        if (how == 0)
            assert_int_equal(fs_truncate(node, 8192), 0);
        else
            must_write(node, 8191, "", 1);
        fs_close(node);
        memset(want, 0xff, 50);
        must_hold("g", want, 8192);
    }
}

static void test_full(void **state)
{
    (void)state;
    static uint8_t data[50000];
    uint64_t free_before = blocks_free(), at = 0;
    int64_t n;
    int node = must_open("full", FS_CREATE | FS_WRITE);
    pattern_fill(data, 9, 0, sizeof data);
    while ((n = fs_write(node, at, (uaddr_t)data, sizeof data)) > 0)
        at += (uint64_t)n;
    assert_int_equal(n, -ENOSPC);
    assert_true(blocks_free() < 4);
    assert_int_equal(fs_mkdir(FS_ROOT, "d", 0755), blocks_free() ? 0 : -ENOSPC);
    fs_rmdir(FS_ROOT, "d");
    assert_int_equal(fs_sync(), 0);
    assert_clean();
    assert_int_equal(fs_truncate(node, 0), 0);
    must_write(node, 0, data, sizeof data); /* blocks that wait for a commit are found when there are no others */
    assert_int_equal(fs_truncate(node, 0), 0);
    fs_close(node);
    assert_int_equal(fs_unlink(FS_ROOT, "full"), 0);
    assert_int_equal(blocks_free(), free_before);
}

static void test_no_inodes(void **state)
{
    (void)state;
    struct fs_volume v;
    char name[32];
    int node = 0;
    fs_stat_volume(&v);
    uint64_t made = 0, before = v.nodes_free;
    for (; node >= 0; made++) {
        snprintf(name, sizeof name, "many/n%u", (unsigned)made);
        node = fs_open(FS_ROOT, name, FS_CREATE, 0600);
        if (node >= 0)
            fs_close(node);
    }
    assert_int_equal(node, -ENOSPC);
    assert_int_equal(made - 1, before);
    assert_int_equal(fs_unlink(FS_ROOT, "many/n7"), 0);
    fs_close(must_open("again", FS_CREATE));
    assert_int_equal(fs_mkdir(FS_ROOT, "d", 0755), -ENOSPC);
}

/* Streaming through a cache much smaller than the file. */
static void test_stream(void **state)
{
    (void)state;
    enum { BYTES = 3 << 20 };
    static uint8_t data[BYTES];
    struct fs_books books;
    pattern_fill(data, 11, 0, BYTES);
    assert_int_equal(fs_unmount(), 0);
    assert_int_equal(fs_mount(0), 0);
    must_put("stream", data, BYTES);
    must_hold("stream", data, BYTES);
    assert_int_equal(fs_sync(), 0);
    assert_dump("/stream", data, BYTES);
    uint64_t requests = host_blk_requests();
    must_hold("stream", data, BYTES);
    fs_books(&books);
    assert_true(host_blk_requests() - requests < BYTES / 8192); /* runs of blocks, not blocks */
    assert_true(books.blocks_read && books.blocks_written && books.flushes && books.cache_hits);
}

int tests_file(void)
{
    const struct CMUnitTest tests[] = {
        FS_TEST(test_read),     FS_TEST(test_read_holes),   FS_TEST(test_read_fault), FS_TEST(test_write),
        FS_TEST(test_append),   FS_TEST(test_write_errors), FS_TEST(test_sparse),     FS_TEST(test_sparse_dump),
        FS_TEST(test_truncate), FS_TEST(test_full),         FS_TEST(test_no_inodes),  FS_TEST(test_grow_shows_zeros),
        FS_TEST(test_stream),
    };
    return cmocka_run_group_tests_name("fs: contents", tests, fixture_open, fixture_close);
}

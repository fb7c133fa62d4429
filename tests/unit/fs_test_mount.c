/* SPDX-License-Identifier: MIT */
/*
 * fs_test_mount.c: what may be mounted and how; what happens when the disk or memory fails, or the volume is damaged.
 */
#include "fs_fixture.h"
#include "parts/fs/ext2.h"

static struct ext2_super *super(void)
{
    return (struct ext2_super *)(disk + EXT2_SUPER_OFFSET);
}

static void test_mount_errors(void **state)
{
    (void)state;
    assert_int_equal(fs_mount(CACHE_PAGES), -EBUSY);
    assert_int_equal(fs_unmount(), 0);
    assert_int_equal(fs_unmount(), -EBADF);
    assert_int_equal(fs_sync(), -EBADF);
    assert_int_equal(fs_open(FS_ROOT, "/", 0, 0), -EBADF);
    assert_int_equal(fs_unlink(FS_ROOT, "/x"), -EBADF);
    host_blk_use(NULL, 0);
    assert_int_equal(fs_mount(CACHE_PAGES), -ENODEV);
    host_blk_use(disk, 1024);
    assert_int_equal(fs_mount(CACHE_PAGES), -EINVAL);
    host_blk_use(disk, disk_bytes - block_bytes); /* cut off */
    assert_int_equal(fs_mount(CACHE_PAGES), -EUCLEAN);
    host_blk_use(disk, disk_bytes);
    super()->magic ^= 1;
    assert_int_equal(fs_mount(CACHE_PAGES), -EINVAL);
    super()->magic ^= 1;
    super()->feature_incompat |= 0x40;
    assert_int_equal(fs_mount(CACHE_PAGES), -EINVAL);
    super()->feature_incompat &= ~0x40u;
    super()->inodes_per_group--;
    assert_int_equal(fs_mount(CACHE_PAGES), -EUCLEAN);
    super()->inodes_per_group++;
    super()->blocks_free++;
    assert_int_equal(fs_mount(CACHE_PAGES), -EUCLEAN);
    super()->blocks_free--;
    host_alloc_fail(2);
    assert_int_equal(fs_mount(CACHE_PAGES), -ENOMEM);
    host_alloc_fail(0);
    host_blk_fail(1, true);
    assert_int_equal(fs_mount(CACHE_PAGES), -EIO);
    host_blk_fail(0, false);
    assert_int_equal(fs_mount(CACHE_PAGES), 0);
}

static void check_read_only(void)
{
    uint8_t *before = malloc(disk_bytes);
    memcpy(before, disk, disk_bytes);
    assert_int_equal(fs_mount(CACHE_PAGES), 0);
    must_hold("hello.txt", "hello world\n", 12);
    int node = must_open("hello.txt", FS_CREATE);
    assert_int_equal(fs_open(FS_ROOT, "hello.txt", FS_WRITE, 0), -EROFS);
    assert_int_equal(fs_open(FS_ROOT, "hello.txt", FS_TRUNCATE, 0), -EROFS);
    assert_int_equal(fs_open(FS_ROOT, "new", FS_CREATE, 0), -EROFS);
    assert_int_equal(fs_write(node, 0, (uaddr_t) "x", 1), -EROFS);
    assert_int_equal(fs_truncate(node, 0), -EROFS);
    assert_int_equal(fs_chmod(node, 0), -EROFS);
    assert_int_equal(fs_set_times(node, 0, 0), -EROFS);
    assert_int_equal(fs_mkdir(FS_ROOT, "d", 0), -EROFS);
    assert_int_equal(fs_rmdir(FS_ROOT, "empty"), -EROFS);
    assert_int_equal(fs_unlink(FS_ROOT, "hello.txt"), -EROFS);
    assert_int_equal(fs_symlink("a", FS_ROOT, "b"), -EROFS);
    assert_int_equal(fs_link(FS_ROOT, "hello.txt", FS_ROOT, "b"), -EROFS);
    assert_int_equal(fs_rename(FS_ROOT, "hello.txt", FS_ROOT, "b"), -EROFS);
    assert_int_equal(fs_fsync(node), 0);
    assert_int_equal(fs_sync(), 0);
    fs_close(node);
    assert_int_equal(fs_unmount(), 0);
    assert_memory_equal(disk, before, disk_bytes);
    free(before);
}

static void test_read_only(void **state)
{
    (void)state;
    assert_int_equal(fs_unmount(), 0);
    super()->feature_ro |= 0x100; /* unknown, but may be read */
    check_read_only();
    super()->feature_ro &= ~0x100u;
    super()->state = 0; /* not unmounted */
    check_read_only();
    super()->state = EXT2_STATE_CLEAN | EXT2_STATE_ERRORS;
    check_read_only();
    super()->state = EXT2_STATE_CLEAN;
    assert_int_equal(fs_mount(CACHE_PAGES), 0);
    host_blk_read_only(true);
    must_put("new", "x", 1);
    assert_int_equal(fs_sync(), -EROFS);
    host_blk_read_only(false);
    assert_int_equal(fs_sync(), 0);
}

/* The state says clean exactly when nothing is missing on the disk. */
static void test_state(void **state)
{
    (void)state;
    assert_int_equal(super()->state, EXT2_STATE_CLEAN);
    must_put("f", "x", 1);
    int node = must_open("f", 0);
    assert_int_equal(fs_fsync(node), 0);
    assert_int_equal(super()->state, 0);
    assert_int_equal(fs_sync(), 0);
    assert_int_equal(super()->state, EXT2_STATE_CLEAN);
    assert_clean();
    assert_int_equal(fs_unlink(FS_ROOT, "f"), 0);
    assert_int_equal(fs_sync(), 0);
    assert_int_equal(super()->state, 0); /* open, without a name */
    fs_close(node);
    assert_int_equal(fs_sync(), 0);
    assert_int_equal(super()->state, EXT2_STATE_CLEAN);
    uint64_t requests = host_blk_requests();
    assert_int_equal(fs_sync(), 0);
    assert_int_equal(host_blk_requests(), requests);
}

/* Images with other features, as mke2fs makes them by itself, and of revision 0. */
static void test_other_images(void **state)
{
    (void)state;
    static const char *const options[] = {"-O none -r 0", "-O none,large_file", "-O none,filetype -I 256", "",
                                          "-O none,dir_index,filetype,ext_attr"};
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        assert_int_equal(fs_unmount(), 0);
        assert_int_equal(fixture_run("rm -f \"$IMAGE\"; mke2fs -q -t ext2 -b %u %s -d \"$DIR/t\" \"$IMAGE\" 20M "
                                     ">\"$DIR/log\" 2>&1",
                                     block_bytes, options[i]),
                         0);
        fixture_load();
        assert_int_equal(fs_mount(CACHE_PAGES), 0);
        must_hold("dir/sub/deep.txt", "deep", 4);
        must_put("many/new", "hello", 5);
        assert_int_equal(fs_mkdir(FS_ROOT, "many/d", 0755), 0);
        assert_int_equal(fs_unlink(FS_ROOT, "many/f1"), 0);
        int node = must_open("dir/big", FS_CREATE | FS_WRITE);
        int64_t n = fs_write(node, (uint64_t)3 << 30, (uaddr_t) "x", 1);
        assert_int_equal(n, i == 0 ? -EFBIG : 1);
        fs_close(node);
        remount();
        must_hold("many/new", "hello", 5);
    }
}

/* Work that touches everything, whose calls may fail. */
static int do_work(void)
{
    static uint8_t data[70000];
    int worst = 0, error, node;
#define STEP(call)                                                                                                     \
    if ((error = (int)(call)) < 0 && error != -ENOENT && error != -EEXIST)                                             \
    worst = error
    STEP(node = fs_open(FS_ROOT, "work", FS_CREATE | FS_WRITE, 0644));
    if (node >= 0) {
        STEP(fs_write(node, 0, (uaddr_t)data, sizeof data));
        STEP(fs_fsync(node));
        STEP(fs_truncate(node, 20000));
        STEP(fs_read(node, 0, (uaddr_t)data, sizeof data));
        fs_close(node);
    }
    STEP(fs_mkdir(FS_ROOT, "wd", 0755));
    STEP(fs_rename(FS_ROOT, "work", FS_ROOT, "wd/work"));
    STEP(fs_rename(FS_ROOT, "dir/sub", FS_ROOT, "wd/sub"));
    STEP(fs_symlink("0123456789012345678901234567890123456789012345678901234567890123456789", FS_ROOT, "wl"));
    STEP(fs_unlink(FS_ROOT, "big"));
    STEP(fs_sync());
    STEP(fs_unlink(FS_ROOT, "wd/work"));
    STEP(fs_rmdir(FS_ROOT, "empty"));
#undef STEP
    error = fs_unmount();
    return error ? error : worst;
}

/* The disk as it was when the test began. */
static uint8_t *pristine;

static void start_over(void)
{
    memcpy(disk, pristine, disk_bytes);
    host_blk_use(disk, disk_bytes);
}

static void keep_pristine(void)
{
    assert_int_equal(fs_unmount(), 0);
    pristine = malloc(disk_bytes);
    memcpy(pristine, disk, disk_bytes);
}

/* Each request in turn fails: an error is reported, e2fsck can mend what is left, and no memory is lost. */
static void test_disk_errors(void **state)
{
    (void)state;
    keep_pristine();
    unsigned reported = 0;
    for (unsigned n = 1;; n++) {
        start_over();
        assert_int_equal(fs_mount(16), 0);
        uint64_t before = host_blk_requests();
        host_blk_fail(n, n % 4 == 0);
        int error = do_work();
        assert_true(error == 0 || error == -EIO);
        reported += error != 0;
        assert_int_equal(host_alloc_pages_out(), 0);
        if (host_blk_requests() - before < n) {
            assert_int_equal(error, 0);
            assert_clean();
            break;
        }
        if (n % 8)
            continue;
        fixture_save();
        assert_int_equal(fixture_run("e2fsck -fy \"$IMAGE\" >\"$DIR/log\" 2>&1") & ~3, 0);
    }
    assert_true(reported > 10);
    free(pristine);
}

static void test_no_memory(void **state)
{
    (void)state;
    keep_pristine();
    int error = -1;
    for (unsigned n = 4; error; n++) {
        start_over();
        assert_true(n < 500);
        error = fs_mount(64);
        if (error)
            continue;
        host_alloc_fail(n);
        error = do_work();
        host_alloc_fail(0);
        assert_true(error == 0 || error == -ENOMEM);
        assert_int_equal(host_alloc_pages_out(), 0);
        if (!error)
            assert_clean();
        error = n < 40 ? -1 : error;
    }
    free(pristine);
}

/* Damage that shows only later: -EUCLEAN from then on for every change, and the disk stays as it is. */
static void test_damage(void **state)
{
    (void)state;
    uint64_t name = 8;
    must_put("good", "good", 4);
    assert_int_equal(fs_unmount(), 0);
    while (memcmp(disk + name, "f7", 2) || disk[name - 2] != 2 || disk[name - 1] != 1)
        name += 4;
    memset(disk + name - 4, 0, 2); /* the entry of /many/f7 has no length */
    assert_int_equal(fs_mount(CACHE_PAGES), 0);
    must_hold("good", "good", 4);
    must_put("more", "x", 1);
    assert_int_equal(fs_open(FS_ROOT, "many/nothing", 0, 0), -EUCLEAN);
    uint8_t *before = malloc(disk_bytes);
    memcpy(before, disk, disk_bytes);
    must_hold("good", "good", 4);
    assert_int_equal(fs_open(FS_ROOT, "new", FS_CREATE, 0644), -EUCLEAN);
    assert_int_equal(fs_unlink(FS_ROOT, "good"), -EUCLEAN);
    int node = must_open("good", 0);
    assert_int_equal(fs_write(node, 0, (uaddr_t) "x", 1), -EUCLEAN);
    assert_int_equal(fs_fsync(node), -EUCLEAN);
    fs_close(node);
    assert_int_equal(fs_sync(), -EUCLEAN);
    assert_int_equal(fs_unmount(), -EUCLEAN);
    assert_memory_equal(disk, before, disk_bytes);
    free(before);
}

int tests_mount(void)
{
    const struct CMUnitTest tests[] = {
        FS_TEST(test_mount_errors),   FS_TEST(test_read_only),           FS_TEST(test_state),
        FS_TEST(test_other_images),   FS_TEST_DAMAGED(test_disk_errors), FS_TEST_DAMAGED(test_no_memory),
        FS_TEST_DAMAGED(test_damage),
    };
    return cmocka_run_group_tests_name("fs: mounting and failing", tests, fixture_open, fixture_close);
}

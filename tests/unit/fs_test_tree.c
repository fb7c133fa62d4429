/* SPDX-License-Identifier: MIT */
/* fs_test_tree.c: names: opening, making, removing, renaming, listing; every error that fs.h names. */
#include "fs_fixture.h"

static int open_error(const char *path, uint32_t flags)
{
    int node = fs_open(FS_ROOT, path, flags, 0644);
    if (node >= 0)
        fs_close(node);
    return node < 0 ? node : 0;
}

static void long_name(char *out, unsigned length)
{
    memset(out, 'n', length);
    out[length] = 0;
}

static void test_open(void **state)
{
    (void)state;
    assert_int_equal(open_error("nothing", 0), -ENOENT);
    assert_int_equal(open_error("", 0), -ENOENT);
    assert_int_equal(open_error("nothing/x", FS_CREATE), -ENOENT);
    assert_int_equal(open_error("hello.txt/x", 0), -ENOTDIR);
    assert_int_equal(open_error("hello.txt/", 0), -ENOTDIR);
    assert_int_equal(open_error("hello.txt", FS_DIRECTORY), -ENOTDIR);
    assert_int_equal(open_error("hello.txt", FS_CREATE | FS_EXCLUSIVE), -EEXIST);
    assert_int_equal(open_error("dangling", FS_CREATE | FS_EXCLUSIVE), -EEXIST);
    assert_int_equal(open_error("dir", FS_WRITE), -EISDIR);
    assert_int_equal(open_error("dir", FS_CREATE), -EISDIR);
    assert_int_equal(open_error("dir", FS_TRUNCATE), -EISDIR);
    assert_int_equal(open_error("new/", FS_CREATE), -EISDIR);
    assert_int_equal(open_error("link", FS_NOFOLLOW), -ELOOP);
    assert_int_equal(open_error("loop", 0), -ELOOP);
    assert_int_equal(open_error("loop/x", 0), -ELOOP);
    assert_int_equal(open_error("dangling", 0), -ENOENT);
    assert_int_equal(open_error("dir", FS_DIRECTORY), 0);
    assert_int_equal(open_error("loop", FS_LINK), 0);
    assert_int_equal(open_error("link", FS_LINK | FS_NOFOLLOW), 0);
    assert_int_equal(fs_open(99, "x", 0, 0), -EBADF);
    int node = must_open("hello.txt", 0);
    assert_int_equal(fs_open(node, "x", 0, 0), -ENOTDIR);
    assert_int_equal(must_open("/dir/./../hello.txt", 0), node); /* one file, one node */
    assert_int_equal(must_open("//dir//hard", 0), node);
    for (unsigned i = 0; i < 3; i++)
        fs_close(node);
    assert_int_equal(must_open("/", FS_DIRECTORY), FS_ROOT);
    assert_int_equal(must_open("dir/../..", 0), FS_ROOT);
    fs_close(FS_ROOT);
    fs_close(FS_ROOT);
    int dir = must_open("dir/sub", FS_DIRECTORY);
    node = fs_open(dir, "deep.txt", 0, 0);
    assert_true(node > 0);
    fs_close(node);
    fs_close(dir);
}

static void test_long_names(void **state)
{
    (void)state;
    char path[1200];
    long_name(path, 255);
    assert_int_equal(open_error(path, FS_CREATE), 0);
    assert_int_equal(open_error(path, FS_CREATE | FS_EXCLUSIVE), -EEXIST);
    long_name(path, 256);
    assert_int_equal(open_error(path, FS_CREATE), -ENAMETOOLONG);
    memset(path, '/', 1023);
    path[1023] = 0;
    assert_int_equal(open_error(path, 0), 0);
    strcat(path, "x");
    assert_int_equal(open_error(path, 0), -ENAMETOOLONG);
}

static void test_links(void **state)
{
    (void)state;
    char target[300], got[300];
    must_hold("link", "deep", 4);
    must_hold("abs", "hello world\n", 12);
    must_hold("dirlink/sub/deep.txt", "deep", 4);
    must_hold("slow", "hello world\n", 12);
    for (unsigned length = 57; length <= 62; length++) { /* around what the inode itself holds */
        snprintf(target, sizeof target, "%0*d", (int)length, 0);
        assert_int_equal(fs_symlink(target, FS_ROOT, "s"), 0);
        remount();
        int node = must_open("s", FS_LINK);
        assert_int_equal(fs_readlink(node, got, sizeof got), length);
        assert_memory_equal(got, target, length);
        assert_int_equal(fs_readlink(node, got, 5), 5);
        fs_close(node);
        assert_debugfs(length < 60 ? "stat /s" : "cat /s", target);
        assert_int_equal(fs_unlink(FS_ROOT, "s"), 0);
    }
    assert_int_equal(fs_symlink("made-by-link", FS_ROOT, "via"), 0);
    must_put("via", "through", 7);
    must_hold("made-by-link", "through", 7);
    assert_int_equal(fs_symlink("x", FS_ROOT, "via"), -EEXIST);
    assert_int_equal(fs_symlink("", FS_ROOT, "empty-link"), -ENOENT);
    assert_int_equal(fs_symlink("x", FS_ROOT, "no/where"), -ENOENT);
    assert_int_equal(fs_symlink("x", FS_ROOT, "slash/"), -ENOENT);
    assert_int_equal(fs_readlink(FS_ROOT, got, 5), -EINVAL);
    assert_int_equal(open_error("/abs/", 0), -ENOTDIR);
    assert_int_equal(open_error("/dirlink/", FS_DIRECTORY), 0);
}

static void test_directories(void **state)
{
    (void)state;
    struct fs_stat stat;
    assert_int_equal(fs_mkdir(FS_ROOT, "a", 0750), 0);
    assert_int_equal(fs_mkdir(FS_ROOT, "a/b/", 0755), 0);
    assert_int_equal(fs_mkdir(FS_ROOT, "a", 0755), -EEXIST);
    assert_int_equal(fs_mkdir(FS_ROOT, "hello.txt", 0755), -EEXIST);
    assert_int_equal(fs_mkdir(FS_ROOT, "a/b/.", 0755), -EEXIST);
    assert_int_equal(fs_mkdir(FS_ROOT, "x/y", 0755), -ENOENT);
    assert_int_equal(fs_mkdir(FS_ROOT, "hello.txt/y", 0755), -ENOTDIR);
    int node = must_open("a", 0);
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(stat.mode, 040750);
    assert_int_equal(stat.links, 3);
    assert_int_equal(fs_sync(), 0);
    assert_clean();
    assert_debugfs("stat /a", "Links: 3");
    assert_int_equal(fs_rmdir(FS_ROOT, "a"), -ENOTEMPTY);
    assert_int_equal(fs_rmdir(FS_ROOT, "a/."), -EINVAL);
    assert_int_equal(fs_rmdir(FS_ROOT, "a/b/.."), -ENOTEMPTY);
    assert_int_equal(fs_rmdir(FS_ROOT, "/"), -EBUSY);
    assert_int_equal(fs_rmdir(FS_ROOT, "hello.txt"), -ENOTDIR);
    assert_int_equal(fs_rmdir(FS_ROOT, "nothing"), -ENOENT);
    assert_int_equal(fs_rmdir(FS_ROOT, "a/b"), 0);
    assert_int_equal(fs_rmdir(FS_ROOT, "a/"), 0);
    assert_int_equal(fs_open(node, "x", FS_CREATE, 0644), -ENOENT); /* removed, still open */
    assert_int_equal(fs_mkdir(node, "x", 0755), -ENOENT);
    fs_close(node);
    assert_int_equal(open_error("a", 0), -ENOENT);
}

static void test_unlink_and_link(void **state)
{
    (void)state;
    struct fs_stat stat;
    assert_int_equal(fs_unlink(FS_ROOT, "dir"), -EISDIR);
    assert_int_equal(fs_unlink(FS_ROOT, "/"), -EISDIR);
    assert_int_equal(fs_unlink(FS_ROOT, "nothing"), -ENOENT);
    assert_int_equal(fs_unlink(FS_ROOT, "hello.txt/"), -ENOTDIR);
    assert_int_equal(fs_link(FS_ROOT, "dir", FS_ROOT, "dir2"), -EPERM);
    assert_int_equal(fs_link(FS_ROOT, "nothing", FS_ROOT, "x"), -ENOENT);
    assert_int_equal(fs_link(FS_ROOT, "hello.txt", FS_ROOT, "link"), -EEXIST);
    assert_int_equal(fs_link(FS_ROOT, "hello.txt", FS_ROOT, "no/x"), -ENOENT);
    assert_int_equal(fs_link(FS_ROOT, "hello.txt", FS_ROOT, "empty/h"), 0);
    int node = must_open("hello.txt", 0);
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(stat.links, 3);
    assert_int_equal(fs_unlink(FS_ROOT, "hello.txt"), 0);
    assert_int_equal(fs_unlink(FS_ROOT, "dir/hard"), 0);
    fs_close(node);
    must_hold("empty/h", "hello world\n", 12);
    assert_int_equal(open_error("hello.txt", 0), -ENOENT);
    assert_int_equal(fs_unlink(FS_ROOT, "link"), 0); /* the link, not where it leads */
    must_hold("dir/sub/deep.txt", "deep", 4);
    node = must_open("empty/h", 0);
    assert_int_equal(fs_fsync(node), 0);
    fs_close(node);
}

static void test_too_many_links(void **state)
{
    (void)state;
    char name[32];
    int error = 0;
    unsigned made = 2; /* dir/hard */
    for (; made < 40000 && !error; made++) {
        if (made % 1000 == 0 || made == 2) {
            snprintf(name, sizeof name, "empty/%u", made / 1000);
            assert_int_equal(fs_mkdir(FS_ROOT, name, 0755), 0);
        }
        snprintf(name, sizeof name, "empty/%u/%u", made / 1000, made);
        error = fs_link(FS_ROOT, "hello.txt", FS_ROOT, name);
    }
    assert_int_equal(error, -EMLINK);
    assert_int_equal(made - 1, 32000);
}

static void test_unlink_open(void **state)
{
    (void)state;
    uint8_t data[30000], got[30000];
    uint64_t before = blocks_free();
    struct fs_volume v;
    fs_stat_volume(&v);
    uint64_t nodes = v.nodes_free;
    pattern_fill(data, 4, 0, sizeof data);
    int node = must_open("t", FS_CREATE | FS_WRITE);
    must_write(node, 0, data, 20000);
    fs_get(node);
    assert_int_equal(fs_unlink(FS_ROOT, "t"), 0);
    fs_close(node);
    must_write(node, 20000, data + 20000, 10000);
    assert_int_equal(fs_sync(), 0);
    assert_int_equal(fs_read(node, 0, (uaddr_t)got, sizeof got), sizeof got);
    assert_memory_equal(got, data, sizeof data);
    assert_true(blocks_free() < before);
    assert_int_equal(fs_unmount(), -EBUSY);
    fs_close(node);
    assert_int_equal(blocks_free(), before);
    fs_stat_volume(&v);
    assert_int_equal(v.nodes_free, nodes);
    assert_int_equal(fs_sync(), 0);
    assert_clean();
    assert_int_equal(blocks_free(), before);
}

static void test_rename(void **state)
{
    (void)state;
    must_put("x", "one", 3);
    must_put("y", "two", 3);
    assert_int_equal(fs_rename(FS_ROOT, "x", FS_ROOT, "y"), 0);
    must_hold("y", "one", 3);
    assert_int_equal(open_error("x", 0), -ENOENT);
    assert_int_equal(fs_rename(FS_ROOT, "y", FS_ROOT, "dir/sub/z"), 0);
    assert_int_equal(fs_rename(FS_ROOT, "dir/sub/z", FS_ROOT, "many/z"), 0);
    must_hold("many/z", "one", 3);
    assert_int_equal(fs_rename(FS_ROOT, "dir/sub", FS_ROOT, "empty/moved"), 0);
    must_hold("empty/moved/deep.txt", "deep", 4);
    must_hold("empty/moved/../../many/z", "one", 3);
    assert_int_equal(fs_mkdir(FS_ROOT, "target", 0755), 0);
    assert_int_equal(fs_rename(FS_ROOT, "empty/moved", FS_ROOT, "target"), 0);
    must_hold("target/deep.txt", "deep", 4);
    assert_int_equal(fs_rename(FS_ROOT, "target", FS_ROOT, "renamed"), 0);
    assert_int_equal(fs_rename(FS_ROOT, "link", FS_ROOT, "link2"), 0);
    assert_int_equal(fs_rename(FS_ROOT, "hello.txt", FS_ROOT, "dir/hard"), 0); /* the same file: nothing happens */
    must_hold("hello.txt", "hello world\n", 12);
    must_put("w", "w", 1);
    assert_int_equal(fs_rename(FS_ROOT, "w", FS_ROOT, "dir/hard"), 0); /* over a file that has another name */
    must_hold("hello.txt", "hello world\n", 12);
    must_hold("dir/hard", "w", 1);
    assert_int_equal(fs_sync(), 0);
    assert_clean();
    assert_debugfs("ls -l /renamed", "deep.txt");
}

static void test_rename_errors(void **state)
{
    (void)state;
    assert_int_equal(fs_rename(FS_ROOT, "nothing", FS_ROOT, "x"), -ENOENT);
    assert_int_equal(fs_rename(FS_ROOT, "hello.txt", FS_ROOT, "no/x"), -ENOENT);
    assert_int_equal(fs_rename(FS_ROOT, "hello.txt", FS_ROOT, "dir"), -EISDIR);
    assert_int_equal(fs_rename(FS_ROOT, "hello.txt", FS_ROOT, "x/"), -ENOTDIR);
    assert_int_equal(fs_rename(FS_ROOT, "dir", FS_ROOT, "hello.txt"), -ENOTDIR);
    assert_int_equal(fs_rename(FS_ROOT, "empty", FS_ROOT, "many"), -ENOTEMPTY);
    assert_int_equal(fs_rename(FS_ROOT, "dir", FS_ROOT, "dir/sub/x"), -EINVAL);
    assert_int_equal(fs_rename(FS_ROOT, "dir", FS_ROOT, "dir/x"), -EINVAL);
    assert_int_equal(fs_rename(FS_ROOT, "dir/..", FS_ROOT, "x"), -EBUSY);
    assert_int_equal(fs_rename(FS_ROOT, "dir", FS_ROOT, "/"), -EBUSY);
    int node = must_open("empty", 0);
    assert_int_equal(fs_rmdir(FS_ROOT, "empty"), 0);
    assert_int_equal(fs_rename(FS_ROOT, "hello.txt", node, "x"), -ENOENT);
    fs_close(node);
}

/* What fs_entry_next gives for a directory: how many, each name once. */
static unsigned count_entries(const char *path)
{
    struct fs_entry e;
    uint64_t cookie = 0;
    unsigned count = 0;
    int found, node = must_open(path, FS_DIRECTORY);
    while ((found = fs_entry_next(node, &cookie, &e)) > 0) {
        assert_int_equal(strlen(e.name), e.name_length);
        count++;
    }
    assert_int_equal(found, 0);
    fs_close(node);
    return count;
}

static void test_list(void **state)
{
    (void)state;
    struct fs_entry e;
    uint64_t cookie = 0;
    unsigned types[16] = {0};
    assert_int_equal(count_entries("many"), MANY_FILES + 2);
    while (fs_entry_next(FS_ROOT, &cookie, &e) > 0)
        types[e.type]++;
    assert_int_equal(types[4], 6);  /* . .. dir many empty lost+found */
    assert_int_equal(types[8], 3);  /* hello.txt big holes */
    assert_int_equal(types[10], 6); /* link abs loop dangling dirlink slow */
    int node = must_open("hello.txt", 0);
    assert_int_equal(fs_entry_next(node, &cookie, &e), -ENOTDIR);
    fs_close(node);
    cookie = UINT64_MAX;
    assert_int_equal(fs_entry_next(FS_ROOT, &cookie, &e), 0);
}

/* Every file is seen once while those that were seen are removed. */
static void test_list_while_removing(void **state)
{
    (void)state;
    struct fs_entry e;
    uint64_t cookie = 0;
    char path[300];
    unsigned seen = 0;
    int node = must_open("many", FS_DIRECTORY);
    while (fs_entry_next(node, &cookie, &e) > 0) {
        if (e.name[0] != 'f')
            continue;
        seen++;
        snprintf(path, sizeof path, "many/%s", e.name);
        assert_int_equal(fs_unlink(FS_ROOT, path), 0);
        if (seen % 3 == 0) {
            snprintf(path, sizeof path, "many/x%u", seen);
            fs_close(must_open(path, FS_CREATE));
        }
    }
    fs_close(node);
    assert_int_equal(seen, MANY_FILES);
    assert_int_equal(count_entries("many"), 2 + MANY_FILES / 3);
}

static void test_many_files(void **state)
{
    (void)state;
    char name[64];
    for (unsigned i = 0; i < 700; i++) {
        snprintf(name, sizeof name, "empty/a-rather-long-name-for-a-file-%u", i);
        must_put(name, &i, sizeof i);
    }
    remount();
    assert_int_equal(count_entries("empty"), 702);
    for (unsigned i = 0; i < 700; i++) {
        snprintf(name, sizeof name, "empty/a-rather-long-name-for-a-file-%u", i);
        must_hold(name, &i, sizeof i);
        if (i % 2)
            assert_int_equal(fs_unlink(FS_ROOT, name), 0);
    }
    assert_int_equal(count_entries("empty"), 352);
}

static void test_deep(void **state)
{
    (void)state;
    int dir = FS_ROOT;
    fs_get(dir);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(fs_mkdir(dir, "d", 0755), 0);
        int next = fs_open(dir, "d", FS_DIRECTORY, 0);
        assert_true(next > 0);
        fs_close(dir);
        dir = next;
    }
    assert_int_equal(fs_rename(FS_ROOT, "d", dir, "x"), -EINVAL);
    must_put("f", "top", 3);
    assert_int_equal(fs_rename(FS_ROOT, "f", dir, "f"), 0);
    fs_close(dir);
    remount();
    for (unsigned i = 0; i < 199; i++) { /* each one takes the place of the one above it */
        assert_int_equal(fs_rename(FS_ROOT, "d/d", FS_ROOT, "next"), 0);
        assert_int_equal(fs_rmdir(FS_ROOT, "d"), 0);
        assert_int_equal(fs_rename(FS_ROOT, "next", FS_ROOT, "d"), 0);
    }
    must_hold("d/f", "top", 3);
}

static void test_too_many_nodes(void **state)
{
    (void)state;
    static int nodes[FS_NODES_MAX];
    char name[32];
    unsigned count = 0;
    int node;
    for (;;) {
        snprintf(name, sizeof name, "many/o%u", count);
        node = fs_open(FS_ROOT, name, FS_CREATE, 0644);
        if (node < 0)
            break;
        assert_true(node < (int)FS_NODES_MAX);
        nodes[count++] = node;
    }
    assert_int_equal(node, -ENFILE);
    assert_true(count > FS_NODES_MAX - 20);
    assert_int_equal(fs_unlink(FS_ROOT, "many/f5"), 0); /* the rest goes on */
    assert_int_equal(fs_rename(FS_ROOT, "dir/sub", FS_ROOT, "empty/sub"), 0);
    while (count)
        fs_close(nodes[--count]);
    fs_close(must_open("many/f6", 0));
}

static void test_attributes(void **state)
{
    (void)state;
    struct fs_stat stat;
    struct fs_volume v;
    int node = must_open("hello.txt", FS_WRITE);
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(stat.mtime, 1704067200);
    assert_int_equal(stat.bytes, 12);
    assert_int_equal(stat.links, 2);
    assert_int_equal(stat.blocks, block_bytes / 512);
    assert_int_equal(stat.block_bytes, block_bytes);
    assert_int_equal(fs_chmod(node, 04601), 0);
    assert_int_equal(fs_set_times(node, 1000000000, 1100000000), 0);
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(stat.mode, 0104601);
    assert_int_equal(fs_chmod(300, 0), -EBADF);
    assert_int_equal(fs_set_times(-1, 0, 0), -EBADF);
    assert_int_equal(fs_stat(300, &stat), -EBADF);
    fs_close(node);
    assert_int_equal(fs_sync(), 0);
    assert_debugfs("stat /hello.txt", "Mode:  04601");
    assert_debugfs("stat /hello.txt", "atime: 0x3b9aca00");
    assert_debugfs("stat /hello.txt", "mtime: 0x4190ab00");
    fs_stat_volume(&v);
    assert_int_equal(v.block_bytes, block_bytes);
    assert_int_equal(v.blocks * block_bytes, disk_bytes);
    char line[64];
    snprintf(line, sizeof line, "Free blocks:              %llu", (unsigned long long)v.blocks_free);
    assert_debugfs("stats", line);
    snprintf(line, sizeof line, "Free inodes:              %llu", (unsigned long long)v.nodes_free);
    assert_debugfs("stats", line);
}

int tests_tree(void)
{
    const struct CMUnitTest tests[] = {
        FS_TEST(test_open),
        FS_TEST(test_long_names),
        FS_TEST(test_links),
        FS_TEST(test_directories),
        FS_TEST(test_unlink_and_link),
        FS_TEST_AT(test_too_many_links, fixture_end, 4096),
        FS_TEST(test_unlink_open),
        FS_TEST(test_rename),
        FS_TEST(test_rename_errors),
        FS_TEST(test_list),
        FS_TEST(test_list_while_removing),
        FS_TEST(test_many_files),
        FS_TEST(test_deep),
        FS_TEST(test_too_many_nodes),
        FS_TEST(test_attributes),
    };
    return cmocka_run_group_tests_name("fs: names", tests, fixture_open, fixture_close);
}

/* SPDX-License-Identifier: MIT */
/*
 * fs_fixture.c: makes images with mke2fs from a tree of files that the tests know, and asks e2fsck and debugfs about
 * them.  All of it lies in a directory of its own under $TMPDIR.
 */
#include "fs_fixture.h"
#include <unistd.h>

uint8_t *disk;
uint64_t disk_bytes;
uint32_t block_bytes;
static char directory[200];

/* The tree, by the shell; big files are written by us. */
static const char tree_script[] =
    "cd \"$DIR\" && mkdir -p t/dir/sub t/many t/empty && printf 'hello world\\n' >t/hello.txt && "
    "printf 'deep' >t/dir/sub/deep.txt && ln -s dir/sub/deep.txt t/link && ln -s /hello.txt t/abs && "
    "ln -s loop t/loop && ln -s nowhere t/dangling && ln t/hello.txt t/dir/hard && ln -s dir t/dirlink && "
    "ln -s \"$(printf 'dir/%.0s../' 1 2 3 4 5 6 7 8 9 10 11 12)hello.txt\" t/slow && "
    "i=0; while [ $i -lt 120 ]; do echo $i >t/many/f$i; i=$((i+1)); done; mv big t/big && "
    "truncate -s 3000000 t/holes && printf MARK | dd of=t/holes bs=1 seek=2000000 conv=notrunc status=none && "
    "find t -exec touch -h -d @1704067200 {} +";

static const char image_script[] =
    "cd \"$DIR\" && for b in 1024 2048 4096; do E2FSPROGS_FAKE_TIME=1704067200 mke2fs -q -t ext2 -b $b -I 128 -r 1 "
    "-N 1024 -O none,filetype,sparse_super -d t base-$b 8M >mke2fs.log 2>&1 || exit 1; done";

uint8_t pattern_byte(uint32_t seed, uint64_t offset)
{
    uint64_t x = (offset + 1) * 0x9e3779b97f4a7c15u + (uint64_t)seed * 0xbf58476d1ce4e5b9u;
    return (uint8_t)(x >> 56 ^ x >> 29);
}

void pattern_fill(uint8_t *to, uint32_t seed, uint64_t offset, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        to[i] = pattern_byte(seed, offset + i);
}

static const char *in_directory(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

int fixture_run(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command);
    return status & 0x7f ? -1 : status >> 8;
}

int fixture_open(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR"), *path = getenv("PATH");
    char tools[2048];
    snprintf(tools, sizeof tools, "%s:/usr/sbin:/sbin", path ? path : "/bin:/usr/bin");
    setenv("PATH", tools, 1);
    snprintf(directory, sizeof directory, "%s/test_fs.XXXXXX", tmp ? tmp : P_tmpdir);
    if (!mkdtemp(directory))
        return -1;
    setenv("DIR", directory, 1);
    setenv("IMAGE", in_directory("image"), 1);
    uint8_t *big = malloc(BIG_BYTES);
    pattern_fill(big, BIG_SEED, 0, BIG_BYTES);
    bool good = host_blk_save(in_directory("big"), big, BIG_BYTES);
    free(big);
    host_env_quiet(true);
    return good && !fixture_run("%s", tree_script) && !fixture_run("%s", image_script) ? 0 : -1;
}

int fixture_close(void **state)
{
    (void)state;
    return fixture_run("rm -rf \"$DIR\"");
}

int fixture_mount(void **state)
{
    char name[32];
    block_bytes = (uint32_t)(uintptr_t)*state;
    snprintf(name, sizeof name, "base-%u", block_bytes);
    disk = host_blk_load(in_directory(name), &disk_bytes);
    if (!disk)
        return -1;
    host_blk_use(disk, disk_bytes);
    return fs_mount(CACHE_PAGES);
}

static void forget_disk(void)
{
    host_blk_fail(0, false);
    host_alloc_fail(0);
    host_env_range(NULL, 0);
    host_env_on_copy(NULL);
    host_blk_on_request(NULL);
    fs_unmount();
    host_blk_use(NULL, 0);
    free(disk);
    disk = NULL;
}

int fixture_end(void **state)
{
    (void)state;
    int error = fs_unmount();
    if (error && error != -EBADF)
        print_error("fs_unmount: %d\n", error);
    if (!error)
        assert_clean();
    if (!error && host_alloc_pages_out())
        print_error("%llu pages were not given back\n", (unsigned long long)host_alloc_pages_out());
    forget_disk();
    return error && error != -EBADF;
}

int fixture_end_damaged(void **state)
{
    (void)state;
    forget_disk();
    return host_alloc_pages_out() ? -1 : 0;
}

void fixture_save(void)
{
    assert_true(host_blk_save(in_directory("image"), disk, disk_bytes));
}

void fixture_load(void)
{
    host_blk_use(NULL, 0);
    free(disk);
    disk = host_blk_load(in_directory("image"), &disk_bytes);
    assert_non_null(disk);
    host_blk_use(disk, disk_bytes);
}

void assert_clean(void)
{
    fixture_save();
    int status = fixture_run("e2fsck -fn \"$IMAGE\" >\"$DIR/e2fsck.log\" 2>&1");
    if (status)
        fixture_run("cat \"$DIR/e2fsck.log\"");
    assert_int_equal(status, 0);
}

void remount(void)
{
    assert_int_equal(fs_unmount(), 0);
    assert_clean();
    assert_int_equal(fs_mount(CACHE_PAGES), 0);
}

void assert_dump(const char *path, const void *bytes, uint64_t n)
{
    uint64_t size = 0;
    fixture_save();
    assert_int_equal(
        fixture_run("rm -f \"$DIR/dump\"; debugfs -R 'dump %s %s/dump' \"$IMAGE\" >\"$DIR/log\" 2>&1", path, directory),
        0);
    uint8_t *dump = host_blk_load(in_directory("dump"), &size);
    assert_true(dump || !n);
    assert_int_equal(size, n);
    assert_true(!n || !memcmp(dump, bytes, n));
    free(dump);
}

void assert_debugfs(const char *command, const char *text)
{
    fixture_save();
    fixture_run("debugfs -R '%s' \"$IMAGE\" >\"$DIR/log\" 2>&1", command);
    if (fixture_run("grep -qF -- '%s' \"$DIR/log\"", text)) {
        fixture_run("cat \"$DIR/log\"");
        fail_msg("debugfs %s: no \"%s\"", command, text);
    }
}

int must_open(const char *path, uint32_t flags)
{
    int node = fs_open(FS_ROOT, path, flags, 0644);
    if (node < 0)
        fail_msg("fs_open %s: %d", path, node);
    return node;
}

void must_write(int node, uint64_t offset, const void *bytes, uint64_t n)
{
    assert_int_equal(fs_write(node, offset, (uaddr_t)bytes, n), n);
}

void must_put(const char *path, const void *bytes, uint64_t n)
{
    int node = must_open(path, FS_CREATE | FS_WRITE | FS_TRUNCATE);
    must_write(node, 0, bytes, n);
    fs_close(node);
}

void must_hold(const char *path, const void *bytes, uint64_t n)
{
    struct fs_stat stat;
    int node = must_open(path, 0);
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(stat.bytes, n);
    uint8_t *read = malloc(n + 1);
    assert_int_equal(fs_read(node, 0, (uaddr_t)read, n + 1), n);
    assert_memory_equal(read, bytes, n);
    free(read);
    fs_close(node);
}

uint64_t blocks_free(void)
{
    struct fs_volume v;
    fs_stat_volume(&v);
    return v.blocks_free;
}

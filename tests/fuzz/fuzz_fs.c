/* SPDX-License-Identifier: MIT */
/*
 * fuzz_fs.c: any bytes as a disk, and a random sequence of calls on it.  The sanitizers watch memory; this file
 * checks what fs.h promises: errors are those that it names, and after -EUCLEAN nothing is written any more.
 */
#include "fuzz_fs.h"
#include "base/errno.h"
#include "blk.h"
#include "fs.h"
#include "host.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 60u
#define OPEN_MAX 8u
#define CACHE_PAGES 16u
#define BUFFER_BYTES 20000u

static uint64_t state;
static uint8_t *disk, *at_damage; /* the disk, and as it was when damage was first reported */
static uint64_t disk_bytes;
static int open_nodes[OPEN_MAX];
static uint8_t buffer[BUFFER_BYTES];

static const char *const paths[] = {
    "/",
    "a",
    "d1",
    "d1/d2",
    "d1/d2/deep",
    "d1/d2/../b",
    "link",
    "d1/slow",
    "loop",
    "sparse",
    "big",
    "hard",
    "new",
    "d1/new",
    "d1/d2/new",
    ".",
    "..",
    "d1/.",
    "lost+found",
    "link/x",
    "d1/d2/d3",
    "many/f17",
    "many/f3",
    "many",
    "/d1//d2/",
    "big/",
    "sparse2",
    "d1/d2/deep/x",
    "a-name-that-is-longer-than-what-the-cache-of-names-keeps-in-a-line",
};

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static const char *path(void)
{
    return paths[random_below(sizeof paths / sizeof paths[0])];
}

/* Offsets near what matters: block and tree borders, the largest size, anything. */
static uint64_t offset(void)
{
    static const uint64_t marks[] = {0, 4096, 12 << 10, 268 << 10, 65804 << 10, (uint64_t)1 << 31, (uint64_t)1 << 34};
    switch (random_below(4)) {
    case 0:
        return random_below(1u << 20);
    case 1:
        return (uint64_t)random_below(1u << 30) * random_below(64);
    default:
        return marks[random_below(7)] + random_below(3000);
    }
}

static int node(void)
{
    return open_nodes[random_below(OPEN_MAX)];
}

static int64_t open_path(void)
{
    unsigned i = random_below(OPEN_MAX);
    static const uint32_t usual[] = {0, FS_WRITE, FS_WRITE | FS_CREATE, FS_LINK};
    uint32_t flags = random_below(4) ? usual[random_below(4)] : random_below(128);
    int n = fs_open(FS_ROOT, path(), flags, 0644);
    if (n < 0)
        return n;
    if (open_nodes[i] != FS_ROOT)
        fs_close(open_nodes[i]);
    open_nodes[i] = n;
    return 0;
}

static int64_t list(void)
{
    uint64_t cookie = 0;
    struct fs_entry entry;
    int found, n = node();
    for (unsigned i = 0; (found = fs_entry_next(n, &cookie, &entry)) > 0 && i < 200; i++)
        if (strlen(entry.name) != entry.name_length)
            abort();
    return found;
}

static int64_t change_tree(void)
{
    switch (random_below(6)) {
    case 0:
        return fs_mkdir(FS_ROOT, path(), 0755);
    case 1:
        return fs_rmdir(FS_ROOT, path());
    case 2:
        return fs_unlink(FS_ROOT, path());
    case 3:
        return fs_rename(FS_ROOT, path(), FS_ROOT, path());
    case 4:
        return fs_link(FS_ROOT, path(), FS_ROOT, path());
    default:
        return fs_symlink(path(), FS_ROOT, path());
    }
}

static int64_t ask(void)
{
    struct fs_stat out;
    struct fs_volume v;
    fs_stat_volume(&v);
    switch (random_below(4)) {
    case 0:
        return fs_stat(node(), &out);
    case 1:
        return fs_readlink(node(), (char *)buffer, random_below(BUFFER_BYTES));
    case 2:
        return fs_chmod(node(), random_below(010000));
    default:
        return list();
    }
}

static int64_t move_data(void)
{
    int n = node();
    uint64_t at = offset(), count = random_below(BUFFER_BYTES);
    switch (random_below(6)) {
    case 0:
        return fs_write(n, at, (uaddr_t)buffer, count);
    case 1:
        return fs_write(n, FS_APPEND, (uaddr_t)buffer, count);
    case 2:
        return fs_truncate(n, random_below(3) ? at : 0);
    case 3:
        return fs_load(n, at, buffer, count);
    default:
        return fs_read(n, at, (uaddr_t)buffer, count);
    }
}

static int64_t one_call(void)
{
    switch (random_below(12)) {
    case 0:
        return fs_sync();
    case 1:
        return fs_fsync(node());
    case 2:
    case 3:
    case 4:
        return open_path();
    case 5:
    case 6:
        return change_tree();
    case 7:
        return ask();
    default:
        return move_data();
    }
}

/* -EUCLEAN: from here on the disk must stay as it is. */
static void check_result(int64_t result)
{
    if (result < -EUCLEAN || result > INT32_MAX) {
        fprintf(stderr, "fuzz_fs: a result of %lld\n", (long long)result);
        abort();
    }
    if (result == -EUCLEAN && !at_damage) {
        at_damage = malloc(disk_bytes);
        memcpy(at_damage, disk, disk_bytes);
    }
}

static void check_disk(void)
{
    if (at_damage && memcmp(at_damage, disk, disk_bytes)) {
        fprintf(stderr, "fuzz_fs: the disk was written after damage had been found\n");
        abort();
    }
    free(at_damage);
    at_damage = NULL;
}

static void run(void)
{
    int error = fs_mount(CACHE_PAGES);
    if (error)
        return;
    memset(open_nodes, 0, sizeof open_nodes);
    for (unsigned i = 0; i < CALLS; i++)
        check_result(one_call());
    for (unsigned i = 0; i < OPEN_MAX; i++)
        if (open_nodes[i] != FS_ROOT)
            fs_close(open_nodes[i]);
    error = fs_unmount();
    if (error == -EBUSY)
        abort();
    check_result(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    disk_bytes = bytes / BLK_SECTOR_BYTES * BLK_SECTOR_BYTES;
    if (!disk_bytes)
        return 0;
    disk = malloc(disk_bytes);
    memcpy(disk, data, disk_bytes);
    state = bytes;
    for (uint64_t i = 0; i < disk_bytes; i += 509) /* every byte of a small image counts for some seed */
        state = (state ^ data[i]) * 0x100000001b3u;
    host_env_quiet(true);
    host_blk_use(disk, disk_bytes);
    if (random_below(8) == 0)
        host_blk_fail(1 + random_below(60), random_below(2));
    if (random_below(16) == 0)
        host_alloc_fail(1 + random_below(40));
    run();
    host_alloc_fail(0);
    check_disk();
    host_blk_use(NULL, 0);
    free(disk);
    if (host_alloc_pages_out())
        abort();
    return 0;
}

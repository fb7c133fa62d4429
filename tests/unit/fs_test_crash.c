/* SPDX-License-Identifier: MIT */
/*
 * fs_test_crash.c: what is on the disk if power goes at any moment, and several threads at once.
 *
 * A crash state is what had been flushed plus any choice of the blocks written since.  From each one e2fsck must be
 * able to mend the volume without touching names or data, and what fs_fsync had promised must be there.
 */
#include "fs_fixture.h"
#include "sched.h"

#define CRASHES_MAX 60u
#define VERSION_BYTES_MAX 30000u

/* ---- crashes ---- */

struct crash {
    uint8_t *image;
    uint32_t fsynced, named; /* newest version that fs_fsync promised; the one that had the name "target" before that */
};

static struct crash crashes[CRASHES_MAX];
static unsigned crash_count;
static uint32_t fsynced, named;
static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void maybe_crash(void)
{
    uint64_t bytes;
    if (crash_count < CRASHES_MAX && random_below(12) == 0)
        crashes[crash_count++] = (struct crash){host_blk_crash(random_state, &bytes), fsynced, named};
}

/* A version of the file: its length follows from its number, and so does every byte. */
static uint64_t version_bytes(uint32_t version)
{
    return 100 + version * 7919u % VERSION_BYTES_MAX;
}

static void write_version(const char *path, uint32_t version)
{
    static uint8_t data[100 + VERSION_BYTES_MAX];
    uint64_t n = version_bytes(version);
    pattern_fill(data, version, 0, n);
    memcpy(data, &version, sizeof version);
    int node = must_open(path, FS_CREATE | FS_WRITE | FS_TRUNCATE);
    must_write(node, 0, data, n);
    assert_int_equal(fs_fsync(node), 0);
    fs_close(node);
}

/* Which version a file holds, whole; 0: there is no such file, or it is not whole. */
static uint32_t read_version(const char *path)
{
    static uint8_t data[200 + VERSION_BYTES_MAX], want[200 + VERSION_BYTES_MAX];
    uint32_t version;
    int node = fs_open(FS_ROOT, path, 0, 0);
    if (node < 0)
        return 0;
    int64_t n = fs_read(node, 0, (uaddr_t)data, sizeof data);
    fs_close(node);
    if (n < (int64_t)sizeof version)
        return 0;
    memcpy(&version, data, sizeof version);
    if (n != (int64_t)version_bytes(version))
        return 0;
    pattern_fill(want, version, 0, (uint64_t)n);
    memcpy(want, &version, sizeof version);
    return memcmp(data, want, (size_t)n) ? 0 : version;
}

/* Files and directories come and go beside the one that matters. */
static void disturb(uint32_t i)
{
    static uint8_t data[40000];
    char name[64];
    snprintf(name, sizeof name, "many/f%u", i % MANY_FILES);
    fs_unlink(FS_ROOT, name);
    snprintf(name, sizeof name, "many/x%u", random_below(20));
    must_put(name, data, random_below(sizeof data));
    snprintf(name, sizeof name, "empty/d%u", random_below(5));
    if (fs_mkdir(FS_ROOT, name, 0755))
        fs_rmdir(FS_ROOT, name);
    if (i % 7 == 0)
        assert_int_equal(fs_sync(), 0);
}

/* Mends the crashed disk and mounts it.  Names, data and the structure of directories must not need mending. */
static void mend(const struct crash *c)
{
    host_blk_use(NULL, 0);
    memcpy(disk, c->image, disk_bytes);
    fixture_save();
    int status = fixture_run("e2fsck -fy \"$IMAGE\" >\"$DIR/log\" 2>&1");
    int bad = !fixture_run("grep -iE 'multiply|illegal|corrupt|deleted/unused|duplicate|salvage' \"$DIR/log\"");
    if (status > 1 || bad)
        fixture_run("cat \"$DIR/log\"");
    assert_true((status == 0 || status == 1) && !bad);
    fixture_load();
    assert_int_equal(fs_mount(CACHE_PAGES), 0);
}

static void check_crash(const struct crash *c)
{
    mend(c);
    uint32_t target = read_version("target"), temporary = read_version("empty/tmp");
    if (target < c->named || (target < c->fsynced && temporary < c->fsynced))
        fail_msg("target %u (promised %u), tmp %u (promised %u)", target, c->named, temporary, c->fsynced);
    assert_int_equal(fs_unmount(), 0);
}

/* The way every careful program replaces a file, here from another directory.  Where and when the crashes come
   depends on the seed. */
static void replace_and_crash(uint64_t seed)
{
    crash_count = fsynced = named = 0;
    random_state = seed;
    host_blk_record(true);
    host_blk_on_request(maybe_crash);
    for (uint32_t version = 1; version <= 25; version++) {
        write_version("empty/tmp", version);
        fsynced = version;
        disturb(version);
        assert_int_equal(fs_rename(FS_ROOT, "empty/tmp", FS_ROOT, "target"), 0);
        if (random_below(2)) {
            int node = must_open("target", 0);
            assert_int_equal(fs_fsync(node), 0);
            fs_close(node);
            named = version;
        }
    }
    host_blk_on_request(NULL);
    assert_int_equal(fs_unmount(), 0);
    assert_true(crash_count > CRASHES_MAX / 4);
    for (unsigned i = 0; i < crash_count; i++) {
        check_crash(&crashes[i]);
        free(crashes[i].image);
    }
}

static void test_crash(void **state)
{
    (void)state;
    replace_and_crash(block_bytes);
}

/* A committed file moves from directory to directory; directories move too.  It is always somewhere. */
static void test_crash_moves(void **state)
{
    (void)state;
    static const char *const places[] = {"dir/sub/f", "many/f", "empty/f", "f", "d1/f", "d1/d2/f"};
    random_state = 5;
    crash_count = 0;
    assert_int_equal(fs_mkdir(FS_ROOT, "d1", 0755), 0);
    assert_int_equal(fs_mkdir(FS_ROOT, "d1/d2", 0755), 0);
    write_version("f", 9);
    assert_int_equal(fs_sync(), 0);
    host_blk_record(true);
    host_blk_on_request(maybe_crash);
    unsigned at = 3;
    for (unsigned i = 0; i < 150; i++) {
        unsigned to = random_below(6);
        int error = fs_rename(FS_ROOT, places[at], FS_ROOT, places[to]);
        assert_true(error == 0);
        at = to;
        fs_mkdir(FS_ROOT, "d1/d2/more", 0755);
        fs_rmdir(FS_ROOT, "d1/d2/more");
        if (i % 10 == 0)
            assert_int_equal(fs_sync(), 0);
    }
    host_blk_on_request(NULL);
    assert_int_equal(fs_unmount(), 0);
    for (unsigned i = 0; i < crash_count; i++) {
        bool found = false;
        mend(&crashes[i]);
        free(crashes[i].image);
        for (unsigned p = 0; p < 6; p++)
            found |= read_version(places[p]) == 9;
        assert_true(found);
        assert_int_equal(fs_unmount(), 0);
    }
}

/* ---- fs_fdatasync ---- */

#define STEPS 30u
#define STEP_BYTES 90000u

static struct step {
    struct crash crash;
    uint64_t bytes;
    uint8_t file[STEP_BYTES];
} step_of[STEPS];

/* Writes a piece of a file and of the copy of it. */
static void write_both(int node, struct step *s, uint32_t seed, uint64_t at, uint64_t n)
{
    pattern_fill(s->file + at, seed, 0, n);
    must_write(node, at, s->file + at, n);
    s->bytes = at + n > s->bytes ? at + n : s->bytes;
}

/* How many flushes it takes to commit a file that was changed in place when nothing else had to be written. */
static uint64_t flushes_in_place(int node, struct step *s, uint32_t seed, int (*commit)(int node))
{
    struct fs_books before, after;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(fs_fsync(node), 0);
    write_both(node, s, seed, s->bytes / 4, s->bytes / 4);
    fs_books(&before);
    assert_int_equal(commit(node), 0);
    fs_books(&after);
    return after.flushes - before.flushes;
}

/* Changes a file in one of the ways that there are, and has it committed without its times. */
static void step_make(int node, struct step *s, uint32_t i)
{
    if (i % 5 == 0) { /* longer */
        write_both(node, s, i, s->bytes, 7000);
    } else if (i % 5 == 1) { /* in place */
        assert_int_equal(flushes_in_place(node, s, i + 100, fs_fsync), 2);
        assert_int_equal(flushes_in_place(node, s, i, fs_fdatasync), 1);
    } else if (i % 5 == 2) { /* shorter */
        s->bytes = s->bytes * 2 / 3;
        memset(s->file + s->bytes, 0, STEP_BYTES - s->bytes);
        assert_int_equal(fs_truncate(node, s->bytes), 0);
    } else if (i % 5 == 3) { /* with a hole */
        write_both(node, s, i, s->bytes + 9000, 100);
    } else { /* which is filled */
        write_both(node, s, i, s->bytes - 6000, 3000);
    }
    assert_int_equal(fs_fdatasync(node), 0);
}

/* Power goes after fs_fdatasync: the file is as it was then. */
static void test_crash_data(void **state)
{
    (void)state;
    uint64_t bytes;
    host_blk_record(true);
    int node = must_open("empty/data", FS_CREATE | FS_WRITE);
    memset(&step_of[0], 0, sizeof step_of[0]);
    for (uint32_t i = 0; i < STEPS; i++) {
        if (i > 0)
            step_of[i] = step_of[i - 1];
        step_make(node, &step_of[i], i);
        step_of[i].crash = (struct crash){.image = host_blk_crash(i, &bytes)};
    }
    fs_close(node);
    assert_int_equal(fs_unmount(), 0);
    for (uint32_t i = 0; i < STEPS; i++) {
        mend(&step_of[i].crash);
        free(step_of[i].crash.image);
        must_hold("empty/data", step_of[i].file, step_of[i].bytes);
        assert_int_equal(fs_unmount(), 0);
    }
}

/* ---- threads ---- */

#define THREADS 4u
#define ROUNDS 60u
#define OWN_BYTES 60000u
#define RECORD_BYTES 100u

static uint8_t own[THREADS][OWN_BYTES];
static int shared_log;

/* Names that all threads make and remove: whoever comes second gets an error. */
static void compete(unsigned i)
{
    char name[32];
    snprintf(name, sizeof name, "empty/t%u", i % 5);
    int node = fs_open(FS_ROOT, name, FS_CREATE | FS_WRITE, 0644);
    if (node >= 0) {
        fs_write(node, 0, (uaddr_t)name, sizeof name);
        fs_close(node);
    }
    fs_mkdir(FS_ROOT, "empty/d", 0755);
    fs_rename(FS_ROOT, name, FS_ROOT, "empty/d/x");
    fs_unlink(FS_ROOT, "empty/d/x");
    fs_rmdir(FS_ROOT, "empty/d");
    fs_unlink(FS_ROOT, name);
}

static void check_own(unsigned me, int node)
{
    static uint8_t got[THREADS][OWN_BYTES];
    struct fs_stat stat;
    assert_int_equal(fs_stat(node, &stat), 0);
    assert_int_equal(fs_read(node, 0, (uaddr_t)got[me], OWN_BYTES), stat.bytes);
    assert_memory_equal(got[me], own[me], stat.bytes);
}

/* One thread: a file of its own against a plain array, which moves about; a log to which all append; and quarrels. */
static void thread_main(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    char names[2][32];
    uint8_t record[RECORD_BYTES];
    snprintf(names[0], sizeof names[0], "own%u", me);
    snprintf(names[1], sizeof names[1], "dir/own%u", me);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t at = (i * 7919 + me * 31) % (OWN_BYTES - 9000), n = (i * 613 + me) % 9000 + 1;
        int node = must_open(names[i % 2], FS_CREATE | FS_WRITE);
        pattern_fill(own[me] + at, me * 1000 + i, 0, n);
        must_write(node, at, own[me] + at, n);
        memset(record, (int)(me * ROUNDS + i), sizeof record);
        must_write(shared_log, FS_APPEND, record, sizeof record);
        check_own(me, node);
        fs_close(node);
        assert_int_equal(fs_rename(FS_ROOT, names[i % 2], FS_ROOT, names[(i + 1) % 2]), 0);
        compete(i);
        if (i % 11 == me)
            assert_int_equal(i % 2 ? fs_sync() : fs_fsync(shared_log), 0);
    }
}

static void check_log(void)
{
    static uint8_t log[THREADS * ROUNDS * RECORD_BYTES];
    static bool seen[THREADS * ROUNDS];
    memset(seen, 0, sizeof seen);
    assert_int_equal(fs_read(shared_log, 0, (uaddr_t)log, sizeof log), sizeof log);
    for (unsigned i = 0; i < THREADS * ROUNDS; i++) {
        const uint8_t *record = log + i * RECORD_BYTES;
        for (unsigned j = 1; j < RECORD_BYTES; j++)
            assert_int_equal(record[j], record[0]);
        assert_false(seen[record[0]]);
        seen[record[0]] = true;
    }
}

/* A page fault in a copy: others run, and the fault's handler reads a file. */
static void take_fault(void)
{
    static unsigned depth;
    uint8_t page[64];
    if (depth || random_below(4))
        return;
    depth++;
    int node = must_open("big", 0);
    uint64_t at = random_below(BIG_BYTES - 64);
    assert_int_equal(fs_load(node, at, page, sizeof page), sizeof page);
    assert_int_equal(page[5], pattern_byte(BIG_SEED, at + 5));
    fs_close(node);
    depth--;
    host_sched_pause();
}

static void test_threads(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        assert_int_equal(fs_unmount(), 0);
        assert_int_equal(fs_mount(seed % 2 ? 0 : CACHE_PAGES), 0);
        memset(own, 0, sizeof own);
        random_state = seed;
        host_env_on_copy(take_fault);
        shared_log = must_open("log", FS_CREATE | FS_WRITE | FS_TRUNCATE);
        for (uintptr_t i = 0; i < THREADS; i++)
            sched_create(thread_main, (void *)i);
        host_sched_run(seed);
        host_env_on_copy(NULL);
        check_log();
        fs_close(shared_log);
        remount();
        for (unsigned i = 0; i < THREADS; i++) {
            char name[32];
            snprintf(name, sizeof name, "own%u", i);
            int node = must_open(name, 0);
            check_own(i, node);
            fs_close(node);
            assert_int_equal(fs_unlink(FS_ROOT, name), 0);
        }
    }
}

int tests_crash(void)
{
    const struct CMUnitTest tests[] = {
        FS_TEST_DAMAGED(test_crash),
        FS_TEST_DAMAGED(test_crash_moves),
        FS_TEST_DAMAGED(test_crash_data),
        FS_TEST(test_threads),
    };
    return cmocka_run_group_tests_name("fs: crashes and threads", tests, fixture_open, fixture_close);
}

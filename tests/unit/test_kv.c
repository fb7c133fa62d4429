/* SPDX-License-Identifier: MIT */
/*
 * test_kv.c: what of the key-value store no client can see: in which order its log reaches stable storage, and how its
 * table grows.  The linker puts the functions here in front of the C library's fsync, fdatasync, write and rename.
 */
#include "kv/kv.h"
#include "kv/log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DID_MAX 64

static struct kv kv;
static char folder[] = "build/tests/test-kv-XXXXXX", did[DID_MAX];
static size_t did_count;
static ino_t synced; /* the last file of fsync, or fdatasync */

int __real_fsync(int fd), __real_fdatasync(int fd), __real_rename(const char *from, const char *to);
ssize_t __real_write(int fd, const void *bytes, size_t n);
int __wrap_fsync(int fd), __wrap_fdatasync(int fd), __wrap_rename(const char *from, const char *to);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);

/* One letter an event; those alike that follow one another are one. */
static void tell(char what)
{
    if (did_count < DID_MAX - 1 && (did_count == 0 || did[did_count - 1] != what))
        did[did_count++] = what;
    did[did_count] = 0;
}

static struct stat stat_of(int fd)
{
    struct stat s = {0};

    assert_int_equal(fstat(fd, &s), 0);
    return s;
}

int __wrap_fsync(int fd)
{
    struct stat s = stat_of(fd);

    tell(S_ISDIR(s.st_mode) ? 'd' : 's');
    synced = s.st_ino;
    return __real_fsync(fd);
}

int __wrap_fdatasync(int fd)
{
    tell('s');
    synced = stat_of(fd).st_ino;
    return __real_fdatasync(fd);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    if (fd > STDERR_FILENO)
        tell('w');
    return __real_write(fd, bytes, n);
}

/* What takes the log's place must be what was synced before. */
int __wrap_rename(const char *from, const char *to)
{
    struct stat s;

    assert_int_equal(stat(from, &s), 0);
    assert_int_equal(s.st_ino, synced);
    tell('r');
    return __real_rename(from, to);
}

static void say(const char *name, const char *key, const char *value, size_t n)
{
    struct text words[] = {{name, strlen(name)}, {key, strlen(key)}, {value, n}};
    struct request r = {.words = words, .count = value ? 3 : 2};
    struct buffer out = {.limit = 1u << 20};
    struct client client = {0};

    kv_execute(&kv, &client, &r, &out);
    assert_true(buffer_used(&out) > 0 && *out.data != '-');
    buffer_free(&out);
}

static void begin(enum log_sync sync, bool logs)
{
    static const uint64_t key[2] = {1, 2};
    char error[256] = "";
    size_t torn;

    kv = (struct kv){.version = "7.0.0"};
    assert_true(table_init(&kv.table, key, 0));
    kv.table.now_ms = 1000000;
    if (!logs)
        return;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    kv.log = log_open(&kv, folder, sync, &torn, error, sizeof error);
    assert_string_equal(error, "");
    assert_non_null(kv.log);
    did_count = 0;
    *did = 0;
}

static void end(void)
{
    char path[64];

    if (kv.log) {
        log_close(kv.log);
        snprintf(path, sizeof path, "%s/appendonly.aof", folder);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(folder), 0);
    }
    table_free(&kv.table);
}

/* Written, then synced, all before log_commit says so; once for what was gathered; nothing where nothing changed. */
static void test_commit_syncs(void **state)
{
    (void)state;
    begin(LOG_COMMIT, true);
    say("SET", "a", "1", 1);
    say("INCR", "a", NULL, 0);
    assert_string_equal(did, "");
    assert_true(log_commit(kv.log));
    assert_string_equal(did, "ws");
    say("GET", "a", NULL, 0);
    assert_true(log_commit(kv.log));
    assert_string_equal(did, "ws");
    say("DEL", "a", NULL, 0);
    assert_true(log_commit(kv.log));
    assert_string_equal(did, "wsws");
    assert_int_equal(log_tick(kv.log, kv.table.now_ms), -1);
    end();
}

/* Once a second; and at once if the clock was set back, for nobody knows how long ago the last time was. */
static void test_interval_syncs(void **state)
{
    (void)state;
    begin(LOG_INTERVAL, true);
    assert_int_equal(log_tick(kv.log, 5000), -1);
    say("SET", "a", "1", 1);
    assert_true(log_commit(kv.log));
    assert_string_equal(did, "w");
    assert_int_equal(log_tick(kv.log, 5000), -1);
    assert_string_equal(did, "ws");
    say("SET", "a", "2", 1);
    assert_true(log_commit(kv.log));
    assert_int_equal(log_tick(kv.log, 5400), 600);
    assert_string_equal(did, "wsw");
    assert_int_equal(log_tick(kv.log, 6000), -1);
    assert_string_equal(did, "wsws");
    say("SET", "a", "3", 1);
    assert_true(log_commit(kv.log));
    assert_int_equal(log_tick(kv.log, 100), -1);
    assert_string_equal(did, "wswsws");
    end();
}

/* The new file is whole on stable storage before it has the old one's name, and its name before the old one is closed.
 */
static void test_rewrite_syncs(void **state)
{
    static char value[100000];

    (void)state;
    begin(LOG_COMMIT, true);
    for (unsigned i = 0; i < 200 && !strchr(did, 'r'); i++) {
        did_count = 0;
        say("SET", "a", value, sizeof value);
        assert_true(log_commit(kv.log));
    }
    assert_string_equal(did, "wswsrd");
    end();
}

/* However many keys come, chains stay short, no request moves many buckets, and all keys are found. */
static void test_table_grows(void **state)
{
    enum { KEYS = 40000 };
    char name[16];

    (void)state;
    begin(LOG_COMMIT, false);
    for (unsigned i = 0; i < KEYS; i++) {
        size_t moved = kv.table.moved;
        bool grows = kv.table.buckets[1];
        snprintf(name, sizeof name, "k%u", i);
        say("SET", name, "v", 1);
        assert_true(kv.table.count <= 2 * (kv.table.mask[0] + 1));
        assert_true(!grows || !kv.table.buckets[1] || kv.table.moved - moved <= 8);
    }
    assert_int_equal(kv.table.count, KEYS);
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(name, sizeof name, "k%u", i);
        assert_non_null(table_find(&kv.table, (struct text){name, strlen(name)}));
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_syncs),
        cmocka_unit_test(test_interval_syncs),
        cmocka_unit_test(test_rewrite_syncs),
        cmocka_unit_test(test_table_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

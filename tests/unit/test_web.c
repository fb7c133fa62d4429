/* SPDX-License-Identifier: MIT */
/*
 * test_web.c: what of the web server no client can see, or only by chance: which files its cache keeps, how it notices
 * that one is another, and dates of any century.
 */
#include "web/cache.h"
#include "web/date.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct cache cache;
static char folder[] = "build/tests/test-web-XXXXXX";

/* A file of bytes of one kind, last changed so many nanoseconds after a second that is always the same. */
static void file_write(const char *name, char byte, size_t n, long ns)
{
    const struct timespec times[2] = {{1700000000, ns}, {1700000000, ns}};
    int fd = openat(cache.root, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char bytes[4096];

    memset(bytes, byte, sizeof bytes);
    assert_true(fd >= 0 && n <= sizeof bytes);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    cache = (struct cache){.root = open(folder, O_RDONLY | O_DIRECTORY), .limit = 1u << 20};
    return cache.root < 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"a", "b", "c"};

    (void)state;
    cache_free(&cache);
    assert_int_equal(cache.count, 0);
    assert_int_equal(cache.bytes, 0);
    for (unsigned i = 0; i < 3; i++)
        unlinkat(cache.root, names[i], 0);
    close(cache.root);
    return rmdir(folder);
}

/* Takes a file at a time; its first byte. */
static char ask(const char *name, int64_t now_s)
{
    int status = 0;
    struct cache_file *f = cache_get(&cache, name, now_s, &status);
    char first = 0;

    if (f) {
        assert_non_null(f->content);
        first = *f->content;
        cache_put(&cache, f);
    }
    return first;
}

/* Where not all fit, the one that was not used for longest goes. */
static void test_least_used_goes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        file_write((const char[]){(char)('a' + i), 0}, 'x', 1000, 0);
    cache.limit = 3000; /* two, with what is kept beside them */
    ask("a", 1);
    ask("b", 1);
    ask("a", 1);
    ask("c", 1);
    assert_int_equal(cache.misses, 3);
    ask("a", 1);
    ask("c", 1);
    assert_int_equal(cache.misses, 3);
    ask("b", 1);
    assert_int_equal(cache.misses, 4);
    assert_int_equal(cache.count, 2);
    assert_true(cache.bytes <= cache.limit);
}

/* As long as before, and changed within the same second: only the nanoseconds tell.  Looked at once a second. */
static void test_change_is_seen(void **state)
{
    (void)state;
    file_write("a", 'x', 100, 1);
    assert_int_equal(ask("a", 1), 'x');
    file_write("a", 'y', 100, 2);
    assert_int_equal(ask("a", 1), 'x');
    assert_int_equal(ask("a", 2), 'y');
    unlinkat(cache.root, "a", 0);
    assert_int_equal(ask("a", 2), 'y');
    assert_int_equal(ask("a", 3), 0);
}

/* Of an answer that is under way the file stays as it was, though a newer one has its place. */
static void test_file_in_use_stays(void **state)
{
    int status;
    struct cache_file *old, *new;

    (void)state;
    file_write("a", 'x', 100, 1);
    old = cache_get(&cache, "a", 1, &status);
    file_write("a", 'y', 200, 2);
    new = cache_get(&cache, "a", 2, &status);
    assert_ptr_not_equal(old, new);
    assert_int_equal(old->content[99], 'x');
    assert_int_equal(new->content[199], 'y');
    assert_int_equal(cache.count, 1);
    cache_put(&cache, old);
    cache_put(&cache, new);
}

static int64_t date_of(const char *text)
{
    int64_t seconds = -1;

    return date_read((struct span){text, strlen(text)}, &seconds) ? seconds : -1;
}

/* Each day of 1970 to 2399 is written as the C library does, and read again. */
static void test_dates(void **state)
{
    char ours[DATE_BYTES + 1], theirs[64];

    (void)state;
    for (int64_t s = 3661; s < 13569465600; s += 86400) {
        time_t at = (time_t)s;
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&at));
        date_write(s, ours);
        assert_string_equal(ours, theirs);
        assert_int_equal(date_of(ours), s);
    }
}

/* RFC 9110, section 5.6.7. */
static void test_old_dates(void **state)
{
    (void)state;
    assert_int_equal(date_of("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
    assert_int_equal(date_of("Sun Nov  6 08:49:37 1994"), 784111777);
    assert_int_equal(date_of("Thursday, 01-Jan-70 00:00:01 GMT"), 1);
    assert_int_equal(date_of("Tuesday, 01-Jan-69 00:00:00 GMT"), 3124224000); /* of this century */
    assert_int_equal(date_of("Sun, 06 Nov 1994 08:49:60 GMT"), 784111800);    /* a leap second */
    assert_int_equal(date_of("Sun, 06 Nov 1994 08:49:61 GMT"), -1);
    assert_int_equal(date_of("Sun, 06 Nov 1994 24:00:00 GMT"), -1);
    assert_int_equal(date_of("Sun, 00 Nov 1994 08:49:37 GMT"), -1);
    assert_int_equal(date_of("Sun, 06 Now 1994 08:49:37 GMT"), -1);
    assert_int_equal(date_of("Sun, 06 Nov 1994 08:49:37 GMTx"), -1);
    assert_int_equal(date_of(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_least_used_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_change_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_in_use_stays, setup, teardown),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_old_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

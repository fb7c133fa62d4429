/* SPDX-License-Identifier: MIT */
/*
 * test_harness.h: what the harness's unit tests share: cmocka, and an arena that each test starts with.
 */
#ifndef TOLL_TEST_HARNESS_H
#define TOLL_TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "harness/arena.h"
#include "harness/error.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct error error;

static int arena_setup(void **state)
{
    (void)state;
    arena = (struct arena){0};
    error.text[0] = '\0';
    return 0;
}

static int arena_teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Makes a file with that text from a name that ends in XXXXXX, which the test removes. */
static inline void text_file_make(char *path, const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, arena_setup, arena_teardown)
#define assert_contains(text, part)                                                                                    \
    do {                                                                                                               \
        if (!strstr(text, part))                                                                                       \
            fail_msg("\"%s\" does not contain \"%s\"", text, part);                                                    \
    } while (0)

#endif

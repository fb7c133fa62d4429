/* SPDX-License-Identifier: MIT */
/*
 * toml_fixture.h: settings from a text, and the mistakes that are found in it.  Whoever includes it says before, by
 * toml_read, what reads the file.
 */
#ifndef TOLL_TOML_FIXTURE_H
#define TOLL_TOML_FIXTURE_H

#include "test_harness.h"

static int toml_read(const char *path);

static inline int load(const char *text)
{
    char path[] = "build/tests/test-toml-XXXXXX";
    int result;

    text_file_make(path, text);
    result = toml_read(path);
    unlink(path);
    return result;
}

static inline void fails(const char *text, const char *place, const char *what)
{
    assert_int_equal(load(text), -1);
    assert_int_equal(error.code, TOLL_USAGE);
    assert_contains(error.text, place);
    assert_contains(error.text, what);
}

#endif

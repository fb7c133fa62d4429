/* SPDX-License-Identifier: MIT */
/* config_fixture.h: a bench.toml from a text, and the mistakes that are found in it. */
#ifndef TOLL_CONFIG_FIXTURE_H
#define TOLL_CONFIG_FIXTURE_H

#include "harness/config.h"
#include "test_harness.h"

static struct config config;

static inline int load(const char *text)
{
    char path[] = "build/tests/test-config-XXXXXX";
    int result;

    text_file_make(path, text);
    result = config_load(&arena, path, &config, &error);
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

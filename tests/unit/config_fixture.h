/* SPDX-License-Identifier: MIT */
/* config_fixture.h: a bench.toml from a text, and the mistakes that are found in it. */
#ifndef TOLL_CONFIG_FIXTURE_H
#define TOLL_CONFIG_FIXTURE_H

#include "harness/config.h"
#include "toml_fixture.h"

static struct config config;

static int toml_read(const char *path)
{
    return config_load(&arena, path, &config, &error);
}

#endif

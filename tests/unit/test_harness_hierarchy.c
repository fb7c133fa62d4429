/* SPDX-License-Identifier: MIT */
/*
 * test_harness_hierarchy.c: the model of caches and TLBs as the harness sees it: sizes from profiles, misses as
 * metrics, and what counting costs.
 */
#include "test_harness.h"

#include "harness/counting.h"
#include "harness/counts.h"
#include "harness/hierarchy.h"
#include <stdio.h>
#include <unistd.h>

#define ARRAY(kind, name, sizes) "[" kind "." name "]\n" sizes "\nsource = \"s\"\npenalty = 1\npenalty_source = \"t\"\n"
#define REST                                                                                                           \
    ARRAY("cache", "l1i", "bytes = 32768\nways = 8\nline = 64")                                                        \
    ARRAY("cache", "l2", "bytes = 262144\nways = 4\nline = 64")                                                        \
    ARRAY("tlb", "itlb", "entries = 128\nways = 8")                                                                    \
    ARRAY("tlb", "dtlb", "entries = 64\nways = 4")                                                                     \
    ARRAY("tlb", "stlb", "entries = 1536\nways = 12")                                                                  \
    "[cost]\ncpi = { cycles = 1, source = \"s\" }\n"

/* The options of a profile whose L1D has these sizes. */
static const char *options_of(const char *l1d)
{
    char path[] = "build/tests/test-hierarchy-XXXXXX.toml";
    int fd = mkstemps(path, 5);
    const char *options;

    assert_true(fd >= 0);
    dprintf(fd, "name = \"p\"\nwhat = \"w\"\n%s" REST, l1d);
    close(fd);
    options = hierarchy_options(&arena, path, &error);
    unlink(path);
    return options;
}

static void test_options(void **state)
{
    const char *options = options_of(ARRAY("cache", "l1d", "bytes = 49152\nways = 12\nline = 64"));

    (void)state;
    assert_non_null(options);
    assert_string_equal(options, "l1i=32768/8,l1d=49152/12,l2=262144/4,itlb=128/8,dtlb=64/4,stlb=1536/12");
}

static void test_options_mistakes(void **state)
{
    (void)state;
    assert_null(options_of(""));
    assert_contains(error.text, "cache.l1d: expected its size");
    assert_int_equal(error.code, TOLL_USAGE);
    assert_null(options_of(ARRAY("cache", "l1d", "bytes = 32768\nways = 4\nline = 64")));
    assert_contains(error.text, "at most 4096 bytes");
    assert_null(options_of(ARRAY("cache", "l1d", "bytes = 32768\nways = 8\nline = 128")));
    assert_contains(error.text, "expected 64 bytes");
    assert_null(hierarchy_options(&arena, "no-such-profile", &error));
    assert_contains(error.text, "no-such-profile");
}

static const char window[] =
    "{\"event\":\"main\",\"since_boot\":1,\"since_boot_arch\":1}\n"
    "{\"event\":\"window\",\"index\":0,\"ops\":2,\"instructions\":9,\"instructions_arch\":8,\"counting\":3,"
    "\"miss\":{\"l1d\":7,\"dtlb\":0},\"domains\":{"
    "\"kernel\":{\"parts\":{\"fs\":{\"instructions\":4,\"miss\":{\"l1d\":2}},\"glue\":{\"instructions\":1,"
    "\"miss\":{\"l1d\":1}}},\"instructions\":5,\"instructions_arch\":4,\"miss\":{\"l1d\":3}},"
    "\"app\":{\"parts\":{\"glue\":{\"instructions\":4,\"miss\":{\"l1d\":4}}},\"instructions\":4,"
    "\"instructions_arch\":4,\"miss\":{\"l1d\":4}}}}\n";

static void assert_metric(const struct metrics *metrics, const char *name, int64_t value)
{
    const struct metric *metric = metrics_find(metrics, name);

    assert_non_null(metric);
    assert_int_equal(metric->value, value);
}

static void test_misses(void **state)
{
    struct counts counts;
    const struct metrics *metrics;

    (void)state;
    counts_parse(&arena, window, sizeof(window) - 1, &counts);
    assert_null(counts.problem);
    assert_int_equal(counts.run_count, 1);
    metrics = &counts.runs[0].metrics;
    assert_metric(metrics, "counting", 3);
    assert_metric(metrics, "instructions_arch_kernel", 4);
    assert_metric(metrics, "instructions_user", 4);
    assert_metric(metrics, "miss.l1d", 7);
    assert_metric(metrics, "miss.dtlb", 0);
    assert_metric(metrics, "miss.l1d_kernel", 3);
    assert_metric(metrics, "miss.l1d_user", 4);
    assert_metric(metrics, "miss.l1d.fs", 2);
    assert_metric(metrics, "miss.l1d.glue", 5);
    assert_metric(metrics, "miss.l1d_user.glue", 4);
    assert_null(metrics_find(metrics, "miss.l1d_kernel.fs"));
    assert_null(metrics_find(metrics, "miss"));
}

/* Two cells of one system and one of another, of which the plugin could not tell. */
static void test_counting(void **state)
{
    struct cell cells[] = {{.structure = "mono", .workload = "a", .variant = "default", .lane = "exact"},
                           {.structure = "linux", .workload = "a", .variant = "default", .lane = "exact"},
                           {.structure = "mono", .workload = "b", .variant = "default", .lane = "exact"}};
    struct result items[] = {{.cell = &cells[0], .metric = "instructions_arch", .value = 100, .n = 1},
                             {.cell = &cells[0], .metric = "counting", .value = 1, .n = 1},
                             {.cell = &cells[1], .metric = "instructions_arch", .value = 100, .n = 1},
                             {.cell = &cells[2], .metric = "instructions_arch", .value = 50, .n = 1},
                             {.cell = &cells[2], .metric = "counting", .value = 2, .n = 1}};
    struct results results = {.cells = {.items = cells, .count = 3}, .items = items, .count = 5};
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    counting_print(&arena, out, &results);
    fclose(out);
    assert_contains(text, "mono                    4.0 %  2 of 50 in b\n");
    assert_null(strstr(text, "linux"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_options),
        TEST(test_options_mistakes),
        TEST(test_misses),
        TEST(test_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

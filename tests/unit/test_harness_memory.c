/* SPDX-License-Identifier: MIT */
/*
 * test_harness_memory.c: the halving of `toll memory`: which memory is tried, what it ends with.
 */
#include "test_harness.h"

#include "harness/memory.h"
#include <stdio.h>

/* A guest that passes from so many MiB on. */
struct guest {
    uint32_t needs;
    uint32_t image_mib, most;
    int outcome, after; /* what the trial gives instead, once so many have passed or not */
};

static int guest_try(void *context, struct memory_trial *trial, struct error *failure)
{
    struct guest *guest = context;

    (void)failure;
    if (guest->outcome && guest->after-- == 0)
        return guest->outcome;
    assert_in_range(trial->mib, guest->image_mib, guest->most);
    trial->passed = trial->mib >= guest->needs;
    trial->reason = trial->passed ? "" : "too little";
    return 0;
}

static void test_every_answer_is_found(void **state)
{
    (void)state;
    for (uint32_t image = 1; image <= 9; image += 4) {
        for (uint32_t needs = image; needs <= 64; needs++) {
            struct guest guest = {.needs = needs, .image_mib = image, .most = 64};
            struct memory_row row = {.image_mib = image};
            bool tried_less = needs == image;

            assert_int_equal(memory_bisect(&arena, &row, 64, guest_try, &guest, &error), 0);
            assert_int_equal(row.mib, needs);
            assert_in_range(row.trial_count, 1, 8);
            for (size_t i = 0; i < row.trial_count; i++)
                tried_less = tried_less || row.trials[i].mib == needs - 1;
            assert_true(tried_less);
        }
    }
}

static void test_no_memory_is_enough(void **state)
{
    struct guest guest = {.needs = 65, .image_mib = 3, .most = 64};
    struct memory_row row = {.image_mib = 3};

    (void)state;
    assert_int_equal(memory_bisect(&arena, &row, 64, guest_try, &guest, &error), 0);
    assert_int_equal(row.mib, 0);
    assert_int_equal(row.trial_count, 1);
    assert_string_equal(row.trials[0].reason, "too little");
}

static void test_only_one_is_possible(void **state)
{
    struct guest guest = {.needs = 64, .image_mib = 64, .most = 64};
    struct memory_row row = {.image_mib = 64};

    (void)state;
    assert_int_equal(memory_bisect(&arena, &row, 64, guest_try, &guest, &error), 0);
    assert_int_equal(row.mib, 64);
    assert_int_equal(row.trial_count, 1);
}

static void test_what_stops_a_trial_stops_all(void **state)
{
    (void)state;
    for (int after = 0; after < 3; after++) {
        for (int outcome = -1; outcome <= 1; outcome += 2) {
            struct guest guest = {.needs = 9, .image_mib = 3, .most = 64, .outcome = outcome, .after = after};
            struct memory_row row = {.image_mib = 3};

            assert_int_equal(memory_bisect(&arena, &row, 64, guest_try, &guest, &error), outcome);
            assert_int_equal(row.mib, 0);
            assert_int_equal(row.trial_count, after + 1);
        }
    }
}

static void test_file(void **state)
{
    struct config_structure structure = {.name = "uni"};
    struct config_workload workload = {.name = "null"};
    struct plan_cell cell = {.workload = &workload, .image_sha256 = "ab"};
    struct plan_guest guest = {.structure = &structure, .variant = "default", .cells = &cell, .cell_count = 1};
    struct memory_trial trials[] = {{64, true, ""}, {2, false, "panic"}};
    struct memory_row rows[] = {{.guest = &guest, .image_mib = 2, .mib = 3, .trials = trials, .trial_count = 2},
                                {.guest = &guest, .image_mib = 2, .trials = trials + 1, .trial_count = 1}};
    json_t *json = memory_to_json(rows, 2, "a-run", "-M x");
    char *text = json_dumps(json, JSON_COMPACT);

    (void)state;
    assert_string_equal(
        text, "{\"schema\":\"toll/1\",\"run\":\"a-run\",\"options\":\"-M x\",\"rows\":[{\"structure\":\"uni\","
              "\"variant\":\"default\",\"workload\":\"null\",\"image_sha256\":\"ab\",\"image_mib\":2,"
              "\"mib\":3,\"trials\":[{\"mib\":64,\"passed\":true,\"reason\":\"\"},{\"mib\":2,\"passed\":"
              "false,\"reason\":\"panic\"}]},{\"structure\":\"uni\",\"variant\":\"default\",\"workload\":"
              "\"null\",\"image_sha256\":\"ab\",\"image_mib\":2,\"mib\":null,\"trials\":[{\"mib\":2,"
              "\"passed\":false,\"reason\":\"panic\"}]}]}");
    free(text);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_answer_is_found),
        TEST(test_no_memory_is_enough),
        TEST(test_only_one_is_possible),
        TEST(test_what_stops_a_trial_stops_all),
        TEST(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

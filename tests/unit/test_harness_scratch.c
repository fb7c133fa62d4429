/* SPDX-License-Identifier: MIT */
/*
 * test_harness_scratch.c: folders that killed tolls leave, and the stopping rule as plan.json keeps it.
 */
#include "test_harness.h"

#include "harness/file.h"
#include "harness/scratch.h"
#include "harness/stop.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int folders_in(const char *base)
{
    DIR *list = opendir(base);
    int count = 0;

    assert_non_null(list);
    for (const struct dirent *entry = readdir(list); entry; entry = readdir(list))
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

/* A folder of a toll that was killed, made by a process that has ended. */
static void killed_leaves(const char *base)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        char *left = scratch_make(&arena, "boot-", &error);

        if (left)
            close(open(arena_print(&arena, "%s/disk", left), O_WRONLY | O_CREAT, 0600));
        _exit(left ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(folders_in(base), 2);
}

static void test_scratch(void **state)
{
    char base[] = "build/tests/test-scratch-XXXXXX";
    char *mine, *next;

    (void)state;
    assert_non_null(mkdtemp(base));
    setenv("TMPDIR", base, 1);
    mkdir(arena_print(&arena, "%s/toll-nobody", base), 0700); /* has no owner's file: not one of ours */
    killed_leaves(base);
    mine = scratch_make(&arena, "", &error);
    assert_non_null(mine);
    assert_int_equal(folders_in(base), 2); /* what was left is gone */
    next = scratch_make(&arena, "probe-", &error);
    assert_non_null(next);
    assert_true(file_exists(mine)); /* its owner lives */
    assert_int_equal(folders_in(base), 3);
    scratch_remove(mine);
    scratch_remove(next);
    assert_int_equal(folders_in(base), 1);
    setenv("TMPDIR", "/nonexistent", 1);
    assert_null(scratch_make(&arena, "", &error));
    assert_contains(error.text, "/nonexistent/toll-");
    unsetenv("TMPDIR");
    file_remove_tree(base);
}

static const char *stop_wrong(const char *text)
{
    struct stop_rule rule;
    json_t *json = json_loads(text, 0, NULL);
    const char *wrong = stop_from_json(json, &rule);

    assert_true(!wrong || rule.most == 0);
    json_decref(json);
    return wrong;
}

static void test_stop_in_a_plan(void **state)
{
    struct stop_rule rule = {.least = 3, .most = 9, .precision = 0.01, .budget_ms = 5000}, read;
    json_t *json = stop_to_json(&rule);

    (void)state;
    assert_null(stop_from_json(json, &read));
    assert_int_equal(read.least, 3);
    assert_int_equal(read.most, 9);
    assert_true(read.precision == 0.01);
    assert_int_equal(read.budget_ms, 5000);
    json_decref(json);
    assert_null(stop_from_json(NULL, &read)); /* a run of before */
    assert_int_equal(read.most, 0);
    assert_string_equal(stop_wrong("[]"), "stop");
    assert_string_equal(stop_wrong("{\"least\":\"3\",\"most\":9,\"precision\":1,\"budget_ms\":1}"), "stop.least");
    assert_string_equal(stop_wrong("{\"least\":3,\"most\":9.5,\"precision\":1,\"budget_ms\":1}"), "stop.most");
    assert_string_equal(stop_wrong("{\"least\":3,\"most\":9,\"precision\":true,\"budget_ms\":1}"), "stop.precision");
    assert_string_equal(stop_wrong("{\"least\":3,\"most\":9,\"precision\":1}"), "stop.budget_ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_scratch),
        TEST(test_stop_in_a_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

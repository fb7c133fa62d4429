/* SPDX-License-Identifier: MIT */
/*
 * test_harness_servers.c: cells of the distribution's servers beside ours: what must be equal in both, and what need
 * not be; windows that the plugin must have seen.
 */
#include "test_harness.h"

#include "harness/admit.h"
#include "harness/judge.h"
#include "wire.h"

static struct sample sample_of(const char *variant, const char *server, const char *answers)
{
    struct sample sample = {.run = "r", .structure = "linux", .workload = "web", .variant = variant, .lane = "exact"};

    sample.ops = 10;
    sample.status = "ok";
    sample.audit = "none";
    sample.reason = sample.audit_reason = sample.options = sample.cpu_features = sample.model = "";
    sample.output_sha256 = sample.workload_sha256 = sample.words = *server ? "theirs" : "ours";
    sample.image_sha256 = *server ? "dd" : "cc";
    sample.server = server;
    sample.answers = answers;
    sample.disk = "clean";
    metrics_set(&arena, &sample.metrics, "instructions", NULL, 100);
    return sample;
}

/* The cell of the second. */
static const struct cell *admit(struct sample ours, struct sample other)
{
    struct samples samples = {.items = arena_alloc(&arena, 2 * sizeof(ours)), .count = 2};
    json_t *plan =
        json_pack("{ss s{ss ss} s[{ss ss ss ss} {ss ss ss ss}]}", "run", "r", "images", "linux/web", "cc",
                  "linux:debian/web", "dd", "cells", "structure", "linux", "workload", "web", "variant", "default",
                  "lane", "exact", "structure", "linux", "workload", "web", "variant", "debian", "lane", "exact");
    struct cells cells;

    samples.items[0] = ours;
    samples.items[1] = other;
    assert_int_equal(admit_cells(&arena, plan, &samples, &cells, &error), 0);
    json_decref(plan);
    return &cells.items[1];
}

static void test_admission(void **state)
{
    struct sample ours = sample_of("default", "", "11"), other = sample_of("debian", "nginx 1.2", "11");

    (void)state;
    assert_string_equal(admit(ours, other)->status, CELL_OK);
    other.answers = "22";
    assert_string_equal(admit(ours, other)->status, CELL_REJECTED);
    assert_contains(admit(ours, other)->reason, "what the clients were answered differs between linux (11) and");
    ours.answers = ""; /* a run of before answers were told */
    assert_string_equal(admit(ours, other)->status, CELL_OK);
    other.options = "-M y";
    assert_contains(admit(ours, other)->reason, "QEMU's options differ");
    other = sample_of("debian", "nginx 1.2", "11");
    other.image_sha256 = "cc"; /* that of our programs */
    assert_contains(admit(ours, other)->reason, "it booted another image (cc) than plan.json names (dd)");
    other = sample_of("debian", "nginx 1.2", "11");
    other.ops = 11;
    assert_contains(admit(ours, other)->reason, "the operations differ");
}

/* Judges a guest with one server, whose clients had all answers, and of which the plugin saw so many windows. */
static struct sample judge(unsigned windows)
{
    static struct config config;
    struct config_structure linux_structure = {.name = (char *)"linux"};
    struct config_workload web = {.name = (char *)"web", .program = (char *)"web_server", .ops = 10, .warm = 2};
    struct plan_cell cell = {.workload = &web};
    struct plan_guest guest = {.structure = &linux_structure,
                               .variant = "debian",
                               .lane = LANE_EXACT,
                               .cells = &cell,
                               .cell_count = 1,
                               .has_servers = true};
    struct peer_books books = {.requests = 12, .answers = 0x123};
    struct counts_run counted = {.windows = windows};
    struct evidence evidence = {.messages = "", .has_counts = true, .disk = DISK_CLEAN, .peers = &books};
    static const char serial[] = "TOLL1 main web\nTOLL1 listen tcp 80\nTOLL1 window 10\nTOLL1 done web ok\n";
    struct sample sample = {.image_bytes = 1};

    metrics_set(&arena, &counted.metrics, "instructions", NULL, 1000);
    metrics_set(&arena, &counted.before, "instructions", NULL, 20);
    evidence.end = (struct process_end){.outcome = PROCESS_EXITED, .value = WIRE_QEMU_STATUS(WIRE_EXIT_OK)};
    evidence.counts = (struct counts){.runs = &counted, .run_count = 1, .complete = true};
    evidence.serial_bytes = sizeof(serial) - 1;
    records_parse(&arena, serial, sizeof(serial) - 1, &evidence.records);
    judge_cell(&arena, &config, &guest, 0, &evidence, &sample);
    return sample;
}

static void test_windows(void **state)
{
    struct sample sample = judge(WIRE_STEP_WINDOWS);

    (void)state;
    assert_string_equal(sample.reason, "");
    assert_string_equal(sample.status, "ok");
    assert_string_equal(sample.answers, "0000000000000123");
    assert_int_equal(metrics_find(&sample.metrics, "instructions")->value, 1000);
    assert_int_equal(metrics_find(&sample.metrics, "window_instructions")->value, 20);
    sample = judge(WIRE_STEP_WINDOWS - 1);
    assert_contains(sample.reason, "the counting plugin saw 2 windows");
    assert_string_equal(sample.status, "fail");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_admission), TEST(test_windows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * test_harness_time.c: the time lane's observers and its stopping rule: groups of counters with software events and
 * with recorded values, exits cut into windows, QEMU's monitor, rounds.
 */
#include "test_harness.h"

#include "harness/exits.h"
#include "harness/observe.h"
#include "harness/perf_group.h"
#include "harness/perf_kvm.h"
#include "harness/qmp.h"
#include "harness/round.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- groups of counters ---- */

static const struct perf_spec software[] = {
    {"page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, NULL, false},
    {"task_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, NULL, false},
    {"none", 0x7fffffff, 0, NULL, false},
    {"switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, NULL, false},
};

static void pages_touch(size_t pages)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *bytes = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(bytes != MAP_FAILED);
    madvise(bytes, pages * page, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < pages; i++)
        bytes[i * page] = 1;
    munmap(bytes, pages * page);
}

static void test_group_of_software(void **state)
{
    struct perf_snapshot before, after, between;
    struct perf_group group;
    int failed = perf_group_open(&arena, &group, 0, software, 4, false);

    (void)state;
    if (failed == -EACCES || failed == -EPERM || failed == -ENOSYS)
        skip();
    assert_int_equal(failed, 0);
    assert_int_equal(group.count, 3);
    assert_int_equal(group.refused.count, 1);
    assert_string_equal(group.refused.items[0], "none");
    assert_string_equal(group.names[2], "switches");
    assert_int_equal(perf_group_read(&group, &before), 0);
    pages_touch(64);
    assert_int_equal(perf_group_read(&group, &after), 0);
    between = perf_snapshot_between(&before, &after);
    assert_int_equal(between.count, 3);
    assert_in_range(between.values[0], 64, 200);
    assert_int_equal(between.enabled_ns, between.running_ns);
    perf_group_close(&group);
}

/* Each page fault leaves a snapshot of all counters. */
static void test_group_sampled(void **state)
{
    struct perf_snapshot snapshots[256];
    struct perf_group group;
    uint64_t lost, last;
    size_t count;
    int failed = perf_group_open(&arena, &group, 0, software, 2, true);

    (void)state;
    if (failed == -EACCES || failed == -EPERM || failed == -ENOSYS)
        skip();
    assert_int_equal(failed, 0);
    pages_touch(20);
    count = perf_group_samples(&arena, &group, snapshots, 256, &lost);
    assert_in_range(count, 20, 256);
    assert_int_equal(lost, 0);
    for (size_t i = 1; i < count; i++) {
        assert_int_equal(snapshots[i].values[0], snapshots[i - 1].values[0] + 1);
        assert_true(snapshots[i].values[1] >= snapshots[i - 1].values[1]);
    }
    last = snapshots[count - 1].values[0];
    pages_touch(1);
    count = perf_group_samples(&arena, &group, snapshots, 256, &lost); /* they are taken once */
    assert_in_range(count, 1, 256);
    assert_int_equal(snapshots[0].values[0], last + 1);
    perf_group_close(&group);
}

static void test_group_refused(void **state)
{
    struct perf_group group;

    (void)state;
    assert_true(perf_group_open(&arena, &group, 0, software + 2, 1, false) < 0);
    assert_true(perf_group_try_pmu() >= 0);
}

/* What the kernel wrote for a group of two, with a record of lost ones between. */
static const uint64_t recorded[] = {
    /* type 9 (sample), size 48 */ 9 | 48ull << 48,
    2,
    1000,
    1000,
    5,
    70,
    /* type 2 (lost), size 24 */ 2 | 24ull << 48,
    77,
    3,
    /* a sample: the counters ran a half of the time */ 9 | 48ull << 48,
    2,
    3000,
    2000,
    105,
    270,
    /* cut short */ 9 | 48ull << 48,
    2,
    4000};

static void test_recorded_samples(void **state)
{
    struct perf_snapshot snapshots[4], between;
    uint64_t lost;
    size_t count = perf_samples_parse((const unsigned char *)recorded, sizeof(recorded), snapshots, 4, &lost);

    (void)state;
    assert_int_equal(count, 2);
    assert_int_equal(lost, 3);
    assert_int_equal(snapshots[0].values[1], 70);
    assert_int_equal(snapshots[1].running_ns, 2000);
    between = perf_snapshot_between(&snapshots[0], &snapshots[1]);
    assert_int_equal(between.enabled_ns, 2000);
    assert_int_equal(between.running_ns, 1000);
    assert_int_equal(between.values[0], 200); /* 100 in half of the time */
    assert_int_equal(between.values[1], 400);
    assert_contains(perf_snapshot_explain(&arena, &between, 1), "scaled: others had the counters for up to 50 %");
    between.running_ns = 0;
    assert_contains(perf_snapshot_explain(&arena, &between, 1), "nothing is told");
    between.running_ns = between.enabled_ns;
    assert_null(perf_snapshot_explain(&arena, &between, 1));
    assert_contains(perf_snapshot_explain(&arena, &between, 0), "not all marks were seen");
    assert_int_equal(perf_samples_parse((const unsigned char *)recorded, sizeof(recorded), snapshots, 1, &lost), 1);
}

static void test_garbage_samples(void **state)
{
    uint64_t huge[] = {9 | 32ull << 48, 1000, 1, 1}, empty[] = {9, 0, 0};
    struct perf_snapshot snapshots[2];
    uint64_t lost;

    (void)state;
    assert_int_equal(perf_samples_parse((unsigned char *)huge, sizeof(huge), snapshots, 2, &lost), 0);
    assert_int_equal(perf_samples_parse((unsigned char *)empty, sizeof(empty), snapshots, 2, &lost), 0);
    assert_int_equal(perf_samples_parse((unsigned char *)huge, 3, snapshots, 2, &lost), 0);
}

/* ---- exits ---- */

static const struct perf_group exit_group = {.names = {"mark", "all", "cpuid", "hlt", "io"}, .count = 5};

static struct perf_snapshot exits_at(uint64_t mark, uint64_t all, uint64_t cpuid, uint64_t hlt, uint64_t io)
{
    return (struct perf_snapshot){.count = 5, .enabled_ns = 1, .running_ns = 1, .values = {mark, all, cpuid, hlt, io}};
}

static void test_windows_of_exits(void **state)
{
    const struct perf_snapshot marks[] = {exits_at(1, 100, 20, 5, 60), exits_at(2, 111, 21, 7, 66),
                                          exits_at(3, 120, 22, 7, 70), exits_at(4, 121, 23, 7, 70)};
    struct exit_windows windows;

    (void)state;
    perf_kvm_cut(&arena, &exit_group, marks, 4, &windows);
    assert_int_equal(windows.count, 2);
    assert_null(windows.problem);
    assert_int_equal(windows.items[0].total, 10); /* 11, less the one that ends the window */
    assert_int_equal(windows.items[0].count, 3);  /* hlt, io, other */
    assert_string_equal(windows.items[0].items[2].reason, "other");
    assert_int_equal(windows.items[0].items[2].count, 2);
    assert_int_equal(windows.items[1].total, 0);
    assert_int_equal(windows.items[1].count, 0);
    perf_kvm_cut(&arena, &exit_group, marks, 3, &windows);
    assert_int_equal(windows.count, 1);
    assert_contains(windows.problem, "not ended");
}

static struct exit_windows windows_of(uint64_t hlt, uint64_t io, const char *third, uint64_t n)
{
    struct exit_windows windows = {0};
    struct exit_window *window = exits_next(&arena, &windows);

    exits_add(&arena, window, "hlt", hlt, 0);
    exits_add(&arena, window, "io", io, 0);
    exits_add(&arena, window, third, n, 0);
    return windows;
}

static void test_exits_compare(void **state)
{
    struct exit_windows a = windows_of(1, 2, "reason_0x99", 3), b = windows_of(1, 2, "other", 3),
                        c = windows_of(2, 1, "other", 3), d = windows_of(1, 2, "other", 4), none = {0};

    (void)state;
    assert_null(exits_compare(&arena, &a, &b));
    assert_contains(exits_compare(&arena, &a, &c), "hlt 1 against 2");
    assert_contains(exits_compare(&arena, &a, &d), "6 exits against 7");
    assert_contains(exits_compare(&arena, &a, &none), "1 windows against 0");
}

static void test_exit_names(void **state)
{
    (void)state;
    assert_string_equal(exit_name(&arena, EXIT_VMX, 10), "cpuid");
    assert_string_equal(exit_name(&arena, EXIT_SVM, 0x72), "cpuid");
    assert_string_equal(exit_name(&arena, EXIT_SVM, 0x99), "reason_0x99");
    for (size_t i = 0; i < exit_name_count; i++) {
        for (size_t k = i + 1; k < exit_name_count; k++)
            assert_false(exit_names[i].isa == exit_names[k].isa && exit_names[i].code == exit_names[k].code);
    }
}

static void test_exits_words(void **state)
{
    enum observe_exits way;

    (void)state;
    assert_int_equal(observe_exits_parse("both", &way, &error), 0);
    assert_int_equal(way, OBSERVE_EXITS_BOTH);
    assert_int_equal(observe_exits_parse("some", &way, &error), -1);
    assert_contains(error.text, "expected auto, bpf");
}

/* ---- QEMU's monitor ---- */

#define GREETING "{\"QMP\": {\"capabilities\": []}}\r\n"

static int monitor_says(struct qmp *qmp, const char *text, int64_t timeout_ms, bool hang_up)
{
    int ours, theirs, result;

    assert_int_equal(qmp_pair(&ours, &theirs, &error), 0);
    assert_int_equal(send(theirs, text, strlen(text), 0), (ssize_t)strlen(text));
    if (hang_up)
        shutdown(theirs, SHUT_WR);
    result = qmp_start(qmp, ours, -1, timeout_ms, &error);
    return result;
}

static void test_monitor(void **state)
{
    json_t *answer = NULL;
    struct qmp qmp;

    (void)state;
    assert_int_equal(monitor_says(&qmp,
                                  GREETING "{\"return\": {}}\r\n{\"event\": \"RESUME\"}\r\n"
                                           "{\"return\": [{\"thread-id\": 4711, \"cpu-index\": 0}]}\r\n"
                                           "{\"error\": {\"class\": \"CommandNotFound\"}}\r\n",
                                  5000, true),
                     0);
    assert_int_equal(qmp_call(&qmp, "query-cpus-fast", &answer, &error), 0);
    assert_int_equal(qmp_cpu_thread(answer), 4711);
    json_decref(answer);
    assert_int_equal(qmp_call(&qmp, "walk", NULL, &error), -1);
    assert_contains(error.text, "refuses walk");
    assert_int_equal(qmp_call(&qmp, "cont", NULL, &error), 1); /* it has gone */
    close(qmp.fd);
}

static void test_monitor_fails(void **state)
{
    struct qmp qmp;

    (void)state;
    assert_int_equal(monitor_says(&qmp, "", 5000, true), 1);
    assert_int_equal(monitor_says(&qmp, "garbage\n", 5000, true), -1);
    assert_contains(error.text, "no JSON");
    assert_int_equal(monitor_says(&qmp, GREETING, 50, false), -1);
    assert_contains(error.text, "in time");
    assert_int_equal(qmp_cpu_thread(NULL), 0);
}

/* ---- when to stop ---- */

static const struct stop_rule rule = {.least = 8, .most = 12, .precision = 0.01, .budget_ms = 100000};

static enum stop_cause judge(const double *values, size_t count, int spent)
{
    double copy[64];

    memcpy(copy, values, count * sizeof(*values));
    return stop_judge(&rule, copy, count, spent);
}

static void test_stop_rule(void **state)
{
    static const double even[] = {100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100};
    static const double uneven[] = {100, 190, 110, 180, 120, 170, 130, 160, 140, 150, 100, 190};

    (void)state;
    assert_int_equal(judge(even, 7, 0), STOP_NOT); /* too few to believe it */
    assert_int_equal(judge(even, 8, 0), STOP_PRECISE);
    assert_int_equal(judge(uneven, 8, 0), STOP_NOT);
    assert_int_equal(judge(uneven, 11, 1), STOP_BUDGET);
    assert_int_equal(judge(uneven, 12, 0), STOP_LIMIT);
    assert_int_equal(judge(even, 12, 1), STOP_PRECISE);
    assert_int_equal(judge(even, 0, 0), STOP_NOT);
    assert_string_equal(stop_cause_name(STOP_BUDGET), "budget");
}

static void test_stop_in_plan(void **state)
{
    json_t *json = stop_to_json(&rule);
    struct stop_rule back;

    (void)state;
    stop_from_json(json, &back);
    assert_memory_equal(&back, &rule, sizeof(rule));
    json_decref(json);
    stop_from_json(NULL, &back);
    assert_int_equal(back.most, 0);
}

static struct config_structure uni = {.name = "uni"};
static struct config_workload null = {.name = "null"}, other = {.name = "other"};
static struct plan_cell null_cell = {.workload = &null}, other_cell = {.workload = &other};

static struct sample sample_of(const char *workload, int64_t cycles, const char *status)
{
    struct sample sample = {
        .structure = "uni", .variant = "default", .workload = workload, .lane = "time", .ops = 10, .status = status};

    metrics_set(&arena, &sample.metrics, "cycles", NULL, cycles);
    return sample;
}

static void test_rounds(void **state)
{
    struct plan_guest guests[] = {
        {.structure = &uni, .variant = "default", .lane = LANE_TIME, .cells = &null_cell, .cell_count = 1},
        {.structure = &uni, .variant = "default", .lane = LANE_TIME, .cells = &other_cell, .cell_count = 1}};
    struct plan plan = {.guests = guests, .guest_count = 2, .stop = rule};
    struct samples before = {0};
    struct rounds rounds;

    (void)state;
    rounds_start(&rounds, &arena, &plan, &before);
    for (uint32_t rep = 0; rep < 10; rep++) {
        struct sample even = sample_of("null", 1000, "ok"), uneven = sample_of("other", 1000 + 300 * (rep % 3), "ok");

        guests[0].rep = guests[1].rep = rep;
        assert_int_equal(rounds_want(&rounds, &guests[0]), rep < 8); /* it is precise after the least */
        assert_true(rounds_want(&rounds, &guests[1]));
        if (rep < 8)
            rounds_add(&rounds, &even);
        rounds_add(&rounds, &uneven);
    }
    assert_int_equal(rounds_ended(&rounds, STOP_PRECISE), 1);
    assert_int_equal(rounds_ended(&rounds, STOP_NOT), 1);
}

/* One that failed is not booted again; a budget that is spent lets the round in progress end. */
static void test_rounds_end(void **state)
{
    struct plan_guest guest = {
        .structure = &uni, .variant = "default", .lane = LANE_TIME, .cells = &null_cell, .cell_count = 1};
    struct plan plan = {.guests = &guest, .guest_count = 1, .stop = {.least = 2, .most = 9, .budget_ms = -1}};
    struct sample failed = sample_of("null", 5, "fail");
    struct samples before = {0};
    struct rounds rounds;

    (void)state;
    rounds_start(&rounds, &arena, &plan, &before);
    assert_true(rounds_want(&rounds, &guest));
    guest.rep = 1;
    assert_false(rounds_want(&rounds, &guest));
    assert_int_equal(rounds_ended(&rounds, STOP_BUDGET), 1);
    before = (struct samples){.items = &failed, .count = 1};
    guest.rep = 0;
    rounds_start(&rounds, &arena, &plan, &before);
    assert_false(rounds_want(&rounds, &guest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_group_of_software), TEST(test_group_sampled),   TEST(test_group_refused),
        TEST(test_recorded_samples),  TEST(test_garbage_samples), TEST(test_windows_of_exits),
        TEST(test_exits_compare),     TEST(test_exit_names),      TEST(test_exits_words),
        TEST(test_monitor),           TEST(test_monitor_fails),   TEST(test_stop_rule),
        TEST(test_stop_in_plan),      TEST(test_rounds),          TEST(test_rounds_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

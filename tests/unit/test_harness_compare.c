/* SPDX-License-Identifier: MIT */
/*
 * test_harness_compare.c: verdicts on doctored samples: what is equal, what is a regression, in which part; what is not
 * comparable; the reference's text.
 */
#include "test_harness.h"

#include "harness/alarms.h"
#include "harness/baseline.h"
#include "harness/compare.h"
#include "harness/file.h"
#include "harness/random.h"
#include "harness/reference.h"
#include <math.h>
#include <stdio.h>

#define SAMPLES_MAX 40

static struct sample stored[16][SAMPLES_MAX];
static size_t stored_count;

static void results_start(struct results *results)
{
    *results = (struct results){
        .run = "a run",
        .host = json_pack("{ss ss ss ss}", "qemu", "QEMU 7", "compiler", "gcc 12", "linker", "ld 2", "cpu", "one")};
}

/* Adds an admitted cell with so many samples, which have no metrics yet. */
static struct sample *cell_put(struct results *results, const char *structure, const char *lane, size_t samples)
{
    struct sample *first = stored[stored_count++ % 16];
    struct cell *cell;

    results->cells.items = arena_grow(&arena, results->cells.items, results->cells.count, &results->cells.room,
                                      sizeof(*results->cells.items));
    cell = &results->cells.items[results->cells.count++];
    *cell = (struct cell){.structure = structure,
                          .workload = "read_hot",
                          .variant = "default",
                          .lane = lane,
                          .status = CELL_OK,
                          .reason = "",
                          .audit = "ok",
                          .sample_count = samples};
    cell->samples = arena_alloc(&arena, samples * sizeof(*cell->samples));
    for (size_t i = 0; i < samples; i++) {
        first[i] = (struct sample){.structure = structure, .workload = "read_hot", .lane = lane, .ops = 1000};
        first[i].words = "read_hot ops=1000";
        first[i].options = "-M x";
        first[i].output_sha256 = "aa";
        first[i].workload_sha256 = "bb";
        cell->samples[i] = &first[i];
    }
    return first;
}

static void count_put(struct sample *sample, const char *name, int64_t value)
{
    metrics_set(&arena, &sample->metrics, name, NULL, value);
}

/* A run with one exact cell: fs and app, per operation, in thousandths. */
static struct sample *exact_make(struct results *results, int64_t fs, int64_t interrupts)
{
    struct sample *sample;

    results_start(results);
    sample = cell_put(results, "mono", "exact", 1);
    count_put(sample, "instructions", fs + 135000);
    count_put(sample, "instructions.fs", fs);
    count_put(sample, "instructions.app", 135000);
    count_put(sample, "syscall", 1000);
    count_put(sample, "interrupt", interrupts);
    count_put(sample, "image_bytes", fs);
    return sample;
}

/* Adds a time cell whose cycles are around the middle, with noise of a hundredth. */
static void time_make(struct results *results, double middle, size_t samples, uint64_t seed)
{
    struct sample *sample = cell_put(results, "mono", "time", samples);
    struct random random = random_of(seed);

    for (size_t i = 0; i < samples; i++)
        count_put(&sample[i], "cycles", (int64_t)(1000 * middle * (1 + 0.01 * random_unit(&random))));
}

static struct comparison compared;

static const struct compare_line *compare(struct results *before, struct results *after,
                                          const struct compare_options *options, const char *metric)
{
    static const struct compare_options none;

    if (before->count == 0) /* a reference is filled when it is loaded */
        results_fill(&arena, before);
    results_fill(&arena, after);
    compared = (struct comparison){0};
    assert_int_equal(compare_runs(&arena, before, after, options ? options : &none, &compared, &error), 0);
    results_close(before);
    results_close(after);
    for (size_t i = 0; i < compared.count; i++) {
        if (strcmp(compared.lines[i].metric, metric) == 0)
            return &compared.lines[i];
    }
    return NULL;
}

static void test_equal(void **state)
{
    struct results a, b;

    (void)state;
    exact_make(&a, 100000, 0);
    exact_make(&b, 100000, 0);
    assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_SAME);
    assert_int_equal(compared.cells, 1);
    assert_int_equal(compared.exact, 3); /* image_bytes is no cost, parts explain */
    assert_int_equal(compare_count(&compared, COMPARE_WORSE), 0);
}

/* 3 % more in fs alone. */
static void test_part_is_named(void **state)
{
    struct results a, b;
    const struct compare_line *line;

    (void)state;
    exact_make(&a, 100000, 0);
    exact_make(&b, 103000, 0);
    line = compare(&a, &b, NULL, "instructions");
    assert_int_equal(line->verdict, COMPARE_WORSE);
    assert_true(fabs(line->shift - 3) < 1e-9);
    assert_string_equal(line->parts, "fs +3 (100 -> 103)");
    assert_int_equal(compared.part_count, 1);
    assert_string_equal(compared.parts[0].name, "fs");
    assert_int_equal(compared.parts[0].cells, 1);
    exact_make(&a, 103000, 0);
    exact_make(&b, 100000, 0);
    line = compare(&a, &b, NULL, "instructions");
    assert_int_equal(line->verdict, COMPARE_BETTER);
    assert_string_equal(line->parts, "fs -3 (103 -> 100)");
}

/* One instruction in a window is a change; beside an interrupt half a percent is none. */
static void test_interrupts(void **state)
{
    struct results a, b;

    (void)state;
    exact_make(&a, 100000, 0);
    exact_make(&b, 100001, 0);
    assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_WORSE);
    exact_make(&a, 100000, 5);
    exact_make(&b, 101000, 6);
    assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_SAME);
    assert_int_equal(compare_count(&compared, COMPARE_WORSE), 0);
    exact_make(&a, 100000, 5);
    exact_make(&b, 102000, 8);
    assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_WORSE);
    assert_int_equal(compare_count(&compared, COMPARE_WORSE), 2); /* and three interrupts more */
}

/* A stanza's repeats_within is of the whole, whether there are interrupts or not, and either run's. */
static void test_repeats_within(void **state)
{
    struct results a, b;

    (void)state;
    for (int64_t interrupts = 0; interrupts < 10; interrupts += 5) {
        exact_make(&a, 100000, interrupts);
        exact_make(&b, 102300, interrupts); /* 0.98 % of 235 */
        b.cells.items[0].repeats_within = 1;
        assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_SAME);
        exact_make(&a, 100000, interrupts);
        exact_make(&b, 102300, interrupts);
        a.cells.items[0].repeats_within = 0.9;
        assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_WORSE);
        exact_make(&a, 100000, interrupts);
        exact_make(&b, 97700, interrupts);
        a.cells.items[0].repeats_within = 0.9;
        assert_int_equal(compare(&a, &b, NULL, "instructions")->verdict, COMPARE_BETTER);
    }
}

/* A window with an interrupt an operation, in which blk is a tenth of the whole. */
static enum compare_verdict interrupted_part(int64_t blk, const struct compare_options *options)
{
    struct results runs[2];
    int64_t values[] = {220000, blk};

    for (size_t i = 0; i < 2; i++) {
        struct sample *sample;

        results_start(&runs[i]);
        sample = cell_put(&runs[i], "mono", "exact", 1);
        count_put(sample, "instructions", 2000000 + values[i]);
        count_put(sample, "instructions.blk", values[i]);
        count_put(sample, "instructions.app", 2000000);
        count_put(sample, "interrupt", 1000);
    }
    return compare(&runs[0], &runs[1], options, "instructions")->verdict;
}

/* 3 % of a part must be found although it is 0.3 % of the whole. */
static void test_interrupted_part(void **state)
{
    struct compare_gate gate = {1, "%"};
    struct compare_options options = {.gates = &gate, .gate_count = 1};

    (void)state;
    assert_int_equal(interrupted_part(226600, NULL), COMPARE_WORSE);
    assert_int_equal(compared.part_count, 1);
    assert_string_equal(compared.parts[0].name, "blk");
    assert_int_equal(interrupted_part(213400, NULL), COMPARE_BETTER);
    assert_int_equal(interrupted_part(221000, NULL), COMPARE_SAME); /* half a percent of the part */
    assert_int_equal(interrupted_part(226600, &options), COMPARE_SAME);
}

static enum compare_verdict gated(struct compare_gate *gates, size_t count)
{
    struct compare_options options = {.gates = gates, .gate_count = count};
    struct results a, b;

    exact_make(&a, 100000, 0);
    exact_make(&b, 103000, 0); /* 235 -> 238: 1.28 % */
    return compare(&a, &b, &options, "instructions")->verdict;
}

static void test_gates(void **state)
{
    struct compare_gate share = {1, "%"}, wide = {2, "%"}, amount = {2, "instructions"}, any = {3, ""};
    struct compare_gate both[] = {{1, "%"}, {5, "instructions"}}, other = {5, "bytes"}, exactly = {0.3, "instructions"};
    struct compare_options options = {.gates = &other, .gate_count = 1};
    struct results a, b;

    (void)state;
    assert_int_equal(gated(&share, 1), COMPARE_WORSE);
    assert_int_equal(gated(&wide, 1), COMPARE_SAME);
    assert_int_equal(gated(&amount, 1), COMPARE_WORSE);
    assert_int_equal(gated(&any, 1), COMPARE_SAME); /* beyond means more than */
    assert_int_equal(gated(both, 2), COMPARE_SAME);
    options.gates = &exactly;
    exact_make(&a, 100000, 0);
    exact_make(&b, 100300, 0); /* 235 -> 235.3, which in binary is a little more than 0.3 apart */
    assert_int_equal(compare(&a, &b, &options, "instructions")->verdict, COMPARE_SAME);
    options.gates = &other;
    exact_make(&a, 100000, 0);
    exact_make(&b, 103000, 0);
    results_fill(&arena, &a);
    results_fill(&arena, &b);
    assert_int_equal(compare_runs(&arena, &a, &b, &options, &compared, &error), -1);
    assert_contains(error.text, "nothing here is told in that unit; there are: instructions/op");
    results_close(&a);
    results_close(&b);
}

/* For what is better when it is higher, less is worse. */
static void test_direction(void **state)
{
    struct results a, b;

    (void)state;
    exact_make(&a, 100000, 0);
    exact_make(&b, 103000, 0);
    results_fill(&arena, &a);
    results_fill(&arena, &b);
    for (size_t i = 0; i < a.count; i++)
        a.items[i].better = b.items[i].better = "higher";
    compared = (struct comparison){0};
    assert_int_equal(compare_runs(&arena, &a, &b, &(struct compare_options){0}, &compared, &error), 0);
    assert_int_equal(compared.lines[0].verdict, COMPARE_BETTER);
    compared = (struct comparison){0};
    assert_int_equal(compare_runs(&arena, &b, &a, &(struct compare_options){0}, &compared, &error), 0);
    assert_int_equal(compared.lines[0].verdict, COMPARE_WORSE);
    results_close(&a);
    results_close(&b);
}

/* 3 % more cycles over noise of 1 %, named by the part whose instructions the exact lane saw grow. */
static void test_measured(void **state)
{
    struct compare_gate gates[] = {{2, "%"}, {5, "%"}, {3, "%"}};
    struct compare_options options = {.gates = gates, .gate_count = 1};
    const struct compare_line *line;
    struct results a, b;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        options.gates = gates + i % 3;
        options.gate_count = i < 3;
        exact_make(&a, 100000, 0);
        exact_make(&b, 103000, 0);
        time_make(&a, 500, 10, 1);
        time_make(&b, 515, 10, 2);
        line = compare(&a, &b, &options, "cycles");
        assert_int_equal(line->verdict, i == 1 ? COMPARE_SAME : i == 2 ? COMPARE_UNCLEAR : COMPARE_WORSE);
        assert_true(line->range.lo < line->shift && line->shift < line->range.hi);
        assert_true(line->range.lo < 15 && 15 < line->range.hi + 1);
    }
    assert_true(line->p < 0.01);
    assert_string_equal(line->parts, "fs +3 (100 -> 103)");
}

static void test_measured_noise(void **state)
{
    struct results a, b;
    const struct compare_line *line;

    (void)state;
    results_start(&a);
    results_start(&b);
    time_make(&a, 500, 10, 1);
    time_make(&b, 500, 10, 2);
    line = compare(&a, &b, NULL, "cycles");
    assert_int_equal(line->verdict, COMPARE_SAME);
    results_start(&a);
    results_start(&b);
    time_make(&a, 500, 3, 1);
    time_make(&b, 600, 3, 2);
    line = compare(&a, &b, NULL, "cycles");
    assert_int_equal(line->verdict, COMPARE_UNCLEAR);
    assert_contains(line->reason, "too few values");
}

static void test_lost_and_other(void **state)
{
    struct compare_options anyway = {.anyway = true};
    struct results a, b;

    (void)state;
    exact_make(&a, 100000, 0);
    exact_make(&b, 100000, 0);
    b.cells.items[0].status = CELL_REJECTED;
    b.cells.items[0].reason = "why";
    compare(&a, &b, NULL, "");
    assert_int_equal(compare_count(&compared, COMPARE_LOST), 1);
    assert_string_equal(compared.lines[0].reason, "rejected: why");
    exact_make(&a, 100000, 0);
    exact_make(&b, 103000, 0)->words = "read_hot ops=2000";
    compare(&a, &b, NULL, "");
    assert_int_equal(compare_count(&compared, COMPARE_OTHER), 1);
    assert_contains(compared.lines[0].reason, "arguments differ");
    exact_make(&a, 100000, 0);
    exact_make(&b, 103000, 0)->words = "read_hot ops=2000";
    assert_int_equal(compare(&a, &b, &anyway, "instructions")->verdict, COMPARE_WORSE);
    exact_make(&a, 100000, 0);
    exact_make(&b, 100000, 0);
    b.cells.items[0].status = CELL_SKIP;
    b.cells.items[0].reason = "not any more";
    compare(&a, &b, NULL, "");
    assert_int_equal(compare_count(&compared, COMPARE_LOST), 1);
    exact_make(&a, 100000, 0);
    exact_make(&b, 100000, 0);
    b.cells.items[0].lane = a.cells.items[0].lane = "time"; /* a host without KVM */
    b.cells.items[0].status = CELL_SKIP;
    compare(&a, &b, NULL, "");
    assert_int_equal(compare_count(&compared, COMPARE_LOST), 0);
    assert_int_equal(compared.only_before, 1);
    exact_make(&a, 100000, 0);
    exact_make(&b, 100000, 0);
    b.cells.items[0].structure = "uni";
    compare(&a, &b, NULL, "");
    assert_int_equal(compared.only_before, 1);
    assert_int_equal(compared.only_after, 1);
}

static void test_facts(void **state)
{
    struct results a, b;

    (void)state;
    exact_make(&a, 1, 0);
    exact_make(&b, 1, 0);
    json_object_set_new(b.host, "cpu", json_string("another"));
    compared = (struct comparison){0};
    compare_facts(&arena, &a, &b, &compared);
    assert_int_equal(compared.differences.count, 0); /* counts do not depend on the processor */
    time_make(&a, 1, 2, 1);
    time_make(&b, 1, 2, 1);
    compare_facts(&arena, &a, &b, &compared);
    assert_int_equal(compared.differences.count, 1);
    assert_string_equal(compared.differences.items[0], "the processor: one, then another");
    json_object_set_new(b.host, "compiler", json_string("gcc 13"));
    stored[(stored_count - 1) % 16][0].options = "-M y";
    compared = (struct comparison){0};
    compare_facts(&arena, &a, &b, &compared);
    assert_int_equal(compared.differences.count, 3);
    assert_contains(compared.differences.items[0], "the compiler: gcc 12, then gcc 13");
    assert_contains(compared.differences.items[2], "QEMU's options in the time lane: -M x, then -M y");
    json_object_del(b.host, "compiler"); /* what is not known cannot be called equal */
    compared = (struct comparison){0};
    compare_facts(&arena, &a, &b, &compared);
    assert_contains(compared.differences.items[0], "the compiler: gcc 12, then unknown");
    json_object_del(a.host, "compiler");
    compared = (struct comparison){0};
    compare_facts(&arena, &a, &b, &compared);
    assert_int_equal(compared.differences.count, 2);
    results_close(&a);
    results_close(&b);
}

static void test_reference(void **state)
{
    static const char bad[] = "mono\tread_hot\t1000\tinstructions\n";
    char folder[] = "build/tests/test-reference-XXXXXX";
    struct results a, b, reference;
    char *path, *text;

    (void)state;
    assert_non_null(mkdtemp(folder));
    exact_make(&a, 100000, 0);
    count_put(cell_put(&a, "linux", "exact", 1), "instructions", 5);
    results_fill(&arena, &a);
    assert_false(reference_is(&arena, folder));
    assert_int_equal(reference_write(&arena, folder, &a, &error), 0);
    assert_true(reference_is(&arena, folder));
    assert_false(file_exists(arena_print(&arena, "%s/linux.tsv", folder)));
    path = arena_print(&arena, "%s/mono.tsv", folder);
    text = file_read(&arena, path, NULL, &error);
    assert_contains(text, "mono\tread_hot\t1000\tinstructions\t235000\n");
    assert_contains(text, "mono\tread_hot\t1000\tinstructions.fs\t100000\n");
    assert_null(strstr(text, "image_bytes"));
    assert_null(strstr(text, "interrupt")); /* it was 0 */
    assert_int_equal(reference_load(&arena, folder, &reference, &error), 0);
    exact_make(&b, 103000, 0);
    assert_string_equal(compare(&reference, &b, NULL, "instructions")->parts, "fs +3 (100 -> 103)");
    assert_int_equal(compare_count(&compared, COMPARE_WORSE), 1);
    assert_int_equal(compared.only_before, 0);
    assert_int_equal(reference_load(&arena, folder, &reference, &error), 0);
    exact_make(&b, 100000, 1000); /* interrupts where there were none */
    assert_int_equal(compare(&reference, &b, NULL, "interrupt")->verdict, COMPARE_WORSE);
    assert_int_equal(file_write_atomic(path, bad, strlen(bad), &error), 0);
    assert_int_equal(reference_load(&arena, folder, &reference, &error), -1);
    assert_contains(error.text, "mono.tsv:1: expected structure, workload, operations, metric and count");
    results_close(&reference);
    results_close(&a);
    file_remove_tree(folder);
}

static void test_baseline_doubts(void **state)
{
    struct results a;
    struct strings doubts;

    (void)state;
    exact_make(&a, 100000, 0);
    time_make(&a, 500, 10, 1);
    results_fill(&arena, &a);
    assert_int_equal(baseline_doubts(&arena, &a).count, 0);
    a.cells.items[0].status = CELL_FAIL;
    a.cells.items[0].reason = "it broke";
    time_make(&a, 500, 3, 1);
    a.count = 0;
    results_fill(&arena, &a);
    doubts = baseline_doubts(&arena, &a);
    assert_int_equal(doubts.count, 2);
    assert_contains(doubts.items[0], "mono/read_hot default, exact lane: fail: it broke");
    assert_contains(doubts.items[1], "time lane: cycles: fewer than 8 values");
    assert_int_equal(baseline_save(&arena, "../x", "none", false, &error), -1);
    assert_contains(error.text, "expected a name");
    results_close(&a);
}

/* Noise gives about one alarm in twenty; two different images would give all. */
static void test_alarms(void **state)
{
    struct alarms alarms;
    struct results a;

    (void)state;
    results_start(&a);
    for (uint64_t i = 0; i < 8; i++)
        time_make(&a, 500, 40, i);
    results_fill(&arena, &a);
    alarms = alarms_of(&arena, &a);
    assert_int_equal(alarms.tests, 8);
    assert_true(alarms.alarms <= 2 && alarms.limit > alarms.share && !alarms.twins);
    results_close(&a);
    results_start(&a);
    time_make(&a, 500, 10, 1);
    time_make(&a, 520, 10, 2);
    a.cells.items[1].variant = CONFIG_TWIN;
    results_fill(&arena, &a);
    alarms = alarms_of(&arena, &a);
    assert_true(alarms.twins && alarms.tests == 1 && alarms.alarms == 1 && alarms.limit == 1);
    results_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_equal),           TEST(test_part_is_named),  TEST(test_interrupts),
        TEST(test_gates),           TEST(test_direction),      TEST(test_measured),
        TEST(test_measured_noise),  TEST(test_lost_and_other), TEST(test_interrupted_part),
        TEST(test_repeats_within),  TEST(test_facts),          TEST(test_reference),
        TEST(test_baseline_doubts), TEST(test_alarms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

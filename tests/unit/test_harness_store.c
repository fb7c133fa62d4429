/* SPDX-License-Identifier: MIT */
/*
 * test_harness_store.c: samples on disk: torn lines, a full disk, damaged files; what a resumed run finds; admission
 * and statistics on what was stored.
 */
#include "test_harness.h"

#include "harness/admit.h"
#include "harness/file.h"
#include "harness/results.h"
#include "harness/runner.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[64];
static struct store store;
static struct cells cells;
static struct samples all;

static int store_setup(void **state)
{
    arena_setup(state);
    strcpy(folder, "build/tests/test-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return store_create(&arena, folder, "", &store, &error);
}

static int store_teardown(void **state)
{
    store_close(&store);
    file_remove_tree(folder);
    return arena_teardown(state);
}

static struct sample sample_of(const char *structure, int64_t rep)
{
    struct sample sample = {.run = "r",
                            .structure = structure,
                            .workload = "null",
                            .variant = "default",
                            .lane = "exact",
                            .rep = rep,
                            .ops = 10,
                            .status = "ok",
                            .reason = "",
                            .audit = "ok",
                            .audit_reason = "",
                            .output_sha256 = "aa",
                            .workload_sha256 = "bb",
                            .image_sha256 = "cc",
                            .image_bytes = 5,
                            .words = "null ops=10",
                            .options = "-M x",
                            .cpu_features = "nx smep",
                            .model = "",
                            .disk = "clean"};

    metrics_set(&arena, &sample.metrics, "instructions", NULL, 100 + rep);
    metrics_set(&arena, &sample.metrics, "pages", "pages", 7);
    strings_add(&arena, &sample.console, "a line");
    strings_add(&arena, &sample.hops, "user instructions=5");
    return sample;
}

static char *path_of(const char *name)
{
    return arena_print(&arena, "%s/%s", folder, name);
}

static void append_text(const char *text)
{
    int fd = open(path_of("samples.jsonl"), O_WRONLY | O_APPEND);

    assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
    close(fd);
}

static void test_round_trip(void **state)
{
    struct sample sample = sample_of("uni", 3);
    struct samples samples;

    (void)state;
    assert_int_equal(store_append(&store, &sample, &error), 0);
    assert_int_equal(store_load(&arena, folder, &samples, &error), 0);
    assert_int_equal(samples.count, 1);
    assert_false(samples.torn);
    assert_string_equal(samples.items[0].structure, "uni");
    assert_int_equal(samples.items[0].rep, 3);
    assert_int_equal(metrics_find(&samples.items[0].metrics, "instructions")->value, 103);
    assert_string_equal(metrics_find(&samples.items[0].metrics, "pages")->unit, "pages");
    assert_string_equal(samples.items[0].console.items[0], "a line");
    assert_string_equal(samples.items[0].hops.items[0], "user instructions=5");
}

static void test_torn_line(void **state)
{
    struct sample sample = sample_of("uni", 0);
    struct samples samples;

    (void)state;
    assert_int_equal(store_append(&store, &sample, &error), 0);
    append_text("{\"schema\":\"toll/1\",\"run\":\"r\"");
    assert_int_equal(store_load(&arena, folder, &samples, &error), 0);
    assert_true(samples.torn);
    assert_int_equal(samples.count, 1);
    store_close(&store);
    assert_int_equal(store_open(&arena, folder, &store, &error), 0); /* repairs */
    sample = sample_of("mono", 0);
    assert_int_equal(store_append(&store, &sample, &error), 0);
    assert_int_equal(store_load(&arena, folder, &samples, &error), 0);
    assert_false(samples.torn);
    assert_int_equal(samples.count, 2);
}

static void test_damaged_line(void **state)
{
    struct samples samples;

    (void)state;
    append_text("{\"schema\":\"other/9\"}\n");
    assert_int_equal(store_load(&arena, folder, &samples, &error), -1);
    assert_contains(error.text, "samples.jsonl:1: expected a sample");
}

/* The first sample with a text of its line replaced: whether it is refused, saying why. */
static void spoiled(const char *from, const char *to, const char *reason)
{
    struct sample sample = sample_of("uni", 0);
    struct samples samples;
    char *line, *place;

    metrics_set(&arena, &sample.metrics, "instructions.fs", NULL, 600);
    metrics_set(&arena, &sample.metrics, "pages", "pages", 3);
    assert_int_equal(ftruncate(store.samples, 0), 0);
    assert_int_equal(store_append(&store, &sample, &error), 0);
    line = file_read(&arena, path_of("samples.jsonl"), NULL, &error);
    place = strstr(line, from);
    assert_non_null(place);
    assert_int_equal(ftruncate(store.samples, 0), 0);
    append_text(arena_print(&arena, "%.*s%s%s", (int)(place - line), line, to, place + strlen(from)));
    assert_int_equal(store_load(&arena, folder, &samples, &error), -1);
    assert_int_equal(error.code, TOLL_USAGE);
    assert_contains(error.text, "samples.jsonl:1: expected a sample of schema toll/1: ");
    assert_contains(error.text, reason);
}

/* Nothing of a sample is dropped because it is of the wrong kind. */
static void test_spoiled_line(void **state)
{
    (void)state;
    spoiled("\"instructions.fs\":600", "\"instructions.fs\":\"600\"",
            "metrics.instructions.fs: expected a whole number");
    spoiled("\"instructions.fs\":600", "\"instructions.fs\":600.5", "metrics.instructions.fs: expected a whole number");
    spoiled("\"instructions.fs\":600", "\"instructions.fs\":NaN", "column ");
    spoiled("\"instructions.fs\":600", "\"instructions.fs\":1e400", "column ");
    spoiled("\"instructions.fs\":600", "\"pages\":600", "duplicate");
    spoiled("\"options\":\"-M x\"", "\"options\":5", "options: expected a text");
    spoiled("\"options\":\"-M x\"", "\"options\":null", "options: expected a text");
    spoiled("\"ops\":10", "\"ops\":\"10\"", "ops: expected a whole number");
    spoiled("[\"user instructions=5\"]", "[5]", "hops: expected a list of texts");
    spoiled("\"units\":{", "\"units\":[],\"more\":{", "units: expected names and units");
    spoiled("\"pages\":\"pages\"", "\"pages\":7", "units.pages: expected a text");
    spoiled("toll/1", "toll/9", "schema: expected toll/1, found toll/9");
}

/* A limit on the file's size stands for a full disk: the write ends in the middle of a line. */
static void test_full_disk(void **state)
{
    struct sample sample = sample_of("uni", 0);
    struct rlimit before, limit;
    struct samples samples;
    int64_t size;
    int result;

    (void)state;
    assert_int_equal(store_append(&store, &sample, &error), 0);
    size = file_size(path_of("samples.jsonl"));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)size + 20;
    setrlimit(RLIMIT_FSIZE, &limit);
    result = store_append(&store, &sample, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(result, -1);
    assert_int_equal(error.code, TOLL_HOST);
    assert_contains(error.text, folder);
    assert_int_equal(file_size(path_of("samples.jsonl")), size);
    assert_int_equal(store_load(&arena, folder, &samples, &error), 0);
    assert_int_equal(samples.count, 1);
}

static void test_no_space(void **state)
{
    struct store full = {.folder = "/dev", .samples = open("/dev/full", O_WRONLY)};
    struct sample sample = sample_of("uni", 0);

    (void)state;
    assert_int_equal(store_append(&full, &sample, &error), -1);
    assert_contains(error.text, "make room");
    store_close(&full);
    assert_int_equal(file_write_atomic("/nonexistent/plan.json", "x", 1, &error), -1);
}

static void test_folder_is_not_filled_twice(void **state)
{
    struct store second;

    (void)state;
    assert_int_equal(file_write_atomic(path_of("plan.json"), "{}", 2, &error), 0);
    assert_int_equal(store_create(&arena, folder, "", &second, &error), -1);
    assert_contains(error.text, "--resume");
}

/* Samples of a run that never got its plan.json are not those of another. */
static void test_stale_samples(void **state)
{
    struct sample sample = sample_of("uni", 0);
    struct store second;

    (void)state;
    assert_int_equal(store_append(&store, &sample, &error), 0);
    store_close(&store);
    assert_int_equal(store_create(&arena, folder, "", &second, &error), -1);
    assert_int_equal(error.code, TOLL_USAGE);
    assert_contains(error.text, "samples.jsonl holds samples of a run whose plan.json is gone");
}

static void test_not_an_object(void **state)
{
    struct samples none = {0};
    json_t *plan = json_pack("{ss si}", "run", "r", "cells", 5);

    (void)state;
    assert_int_equal(file_write_atomic(path_of("host.json"), "[]", 2, &error), 0);
    assert_null(store_load_json(&arena, folder, "host.json", &error));
    assert_contains(error.text, "host.json:1:1: expected an object");
    assert_int_equal(admit_cells(&arena, plan, &none, &cells, &error), -1);
    assert_contains(error.text, "plan.json: cells: expected");
    json_decref(plan);
}

static void test_resume_finds_samples(void **state)
{
    struct config_structure uni = {.name = "uni"};
    struct config_workload null = {.name = "null", .program = "null"};
    struct plan_cell cell = {.workload = &null, .program = "null"};
    struct plan_guest guest = {
        .structure = &uni, .variant = "default", .lane = LANE_EXACT, .rep = 1, .cells = &cell, .cell_count = 1};
    struct sample stored = sample_of("uni", 1);
    struct samples samples = {.items = &stored, .count = 1};

    (void)state;
    assert_true(runner_has_sample(&samples, &guest, 0));
    guest.rep = 2;
    assert_false(runner_has_sample(&samples, &guest, 0));
    guest.rep = 1;
    guest.lane = LANE_TIME;
    assert_false(runner_has_sample(&samples, &guest, 0));
}

/* Two structures with one good sample each; tests then spoil them. */
static void admit_prepare(void)
{
    all.items = arena_alloc(&arena, 3 * sizeof(*all.items));
    all.items[0] = sample_of("uni", 0);
    all.items[1] = sample_of("mono", 0);
    all.items[2] = sample_of("mono", 1);
    all.count = 3;
}

static const struct cell *admit(size_t index)
{
    json_t *plan =
        json_pack("{ss s{ss ss} s[{ss ss ss ss} {ss ss ss ss}]}", "run", "r", "images", "uni/null", "cc", "mono/null",
                  "cc", "cells", "structure", "uni", "workload", "null", "variant", "default", "lane", "exact",
                  "structure", "mono", "workload", "null", "variant", "default", "lane", "exact");

    assert_int_equal(admit_cells(&arena, plan, &all, &cells, &error), 0);
    json_decref(plan);
    return &cells.items[index];
}

/* What only a later repetition tells is told; where none of a kind is a count, it is none. */
static void test_metric_of_some(void **state)
{
    struct results results = {0};
    const struct result *result;

    (void)state;
    admit_prepare();
    metrics_set(&arena, &all.items[2].metrics, "entry.irq", NULL, 20);
    metrics_set(&arena, &all.items[2].metrics, "pmu.cycles", NULL, 30);
    admit(1);
    results.cells = cells;
    results_fill(&arena, &results);
    result = results_find(&results, &cells.items[1], "entry.irq");
    assert_non_null(result);
    assert_int_equal(result->n, 2);
    assert_true(result->value == 1 && result->lo == 0 && result->hi == 2);
    result = results_find(&results, &cells.items[1], "pmu.cycles");
    assert_non_null(result);
    assert_int_equal(result->n, 1);
}

static void admits(size_t index, const char *status, const char *reason)
{
    const struct cell *cell = admit(index);

    assert_string_equal(cell->status, status);
    assert_contains(cell->reason, reason);
}

static void test_admission(void **state)
{
    (void)state;
    admit_prepare();
    admits(0, CELL_OK, "");
    admits(1, CELL_OK, "");
    all.items[2].status = "fail";
    all.items[2].reason = "why";
    admits(1, CELL_FAIL, "1 of 2 runs: why");
    admits(0, CELL_OK, "");
    admit_prepare();
    all.items[1].status = all.items[2].status = "skip";
    admits(1, CELL_SKIP, "");
    all.count = 1;
    admits(1, CELL_MISSING, "--resume");
}

static void test_admission_rejects(void **state)
{
    (void)state;
    admit_prepare();
    all.items[0].audit = "failed";
    all.items[0].audit_reason = "syscall: 3, 4";
    admits(0, CELL_REJECTED, "the audit failed: syscall: 3, 4");
    admits(1, CELL_OK, "");
    admit_prepare();
    all.items[0].audit = "none";
    admits(0, CELL_REJECTED, "no audit");
    admit_prepare();
    all.items[0].output_sha256 = "dd";
    admits(0, CELL_REJECTED, "the output differs between uni (dd) and mono (aa)");
    admits(1, CELL_REJECTED, "the output differs");
    admit_prepare();
    all.items[0].workload_sha256 = "dd";
    admits(1, CELL_REJECTED, "the workload's object differs");
    admit_prepare();
    all.items[0].options = "-M y";
    admits(1, CELL_REJECTED, "QEMU's options differ between uni (y) and mono (x)");
    admit_prepare();
    all.items[2].output_sha256 = "dd";
    admits(1, CELL_REJECTED, "not the same in each repetition");
    admit_prepare();
    all.items[2].image_sha256 = "dd";
    admits(1, CELL_REJECTED, "repetition 1: it booted another image (dd)");
}

/* Each way in which a line of samples.jsonl may have been spoiled, and the reason that must be shown. */
static void test_admission_believes_nothing(void **state)
{
    (void)state;
    admit_prepare();
    all.items[0].status = "fine";
    admits(0, CELL_REJECTED, "a status other than ok, fail and skip");
    admits(1, CELL_OK, "");
    admit_prepare();
    all.items[2].disk = "damaged";
    admits(1, CELL_REJECTED, "repetition 1: e2fsck did not find the disk clean after the run: damaged");
    admits(0, CELL_OK, "");
    all.items[2].disk = "";
    admits(1, CELL_REJECTED, "not recorded");
    admit_prepare();
    all.items[0].audit = "fine";
    admits(0, CELL_REJECTED, "its audit came to \"fine\"");
    admit_prepare();
    all.items[0].output_sha256 = "";
    admits(0, CELL_REJECTED, "output is missing");
    admit_prepare();
    all.items[0].workload_sha256 = "";
    admits(0, CELL_REJECTED, "object is missing");
    admit_prepare();
    all.items[0].run = "q";
    admits(0, CELL_REJECTED, "it is of run q, plan.json is of r");
    admit_prepare();
    all.items[0].image_sha256 = "ff";
    admits(0, CELL_REJECTED, "it booted another image (ff) than plan.json names (cc)");
    admit_prepare();
    all.items[2].rep = 0;
    admits(1, CELL_REJECTED, "repetition 0 is stored twice");
    admit_prepare();
    all.items[0].ops = 0;
    admits(0, CELL_REJECTED, "it counts no operations");
    admit_prepare();
    all.items[0].metrics.count = 0;
    admits(0, CELL_REJECTED, "it has no number of instructions");
    admit_prepare();
    all.items[0].metrics.items[0].value = -1;
    admits(0, CELL_REJECTED, "instructions is less than nothing");
}

static void test_admission_compares(void **state)
{
    (void)state;
    admit_prepare();
    all.items[2].ops = 11;
    admits(1, CELL_REJECTED, "the repetitions did different numbers of operations");
    admit_prepare();
    all.items[0].ops = 11;
    admits(0, CELL_REJECTED, "the operations differ between uni (11) and mono (10)");
    admits(1, CELL_REJECTED, "the operations differ");
    admit_prepare();
    all.items[0].words = "null ops=11";
    admits(1, CELL_REJECTED, "arguments differ between uni (ops=11) and mono (ops=10)");
    admit_prepare();
    all.items[0].cpu_features = "nx smap";
    admits(1, CELL_REJECTED, "in the processor differs between uni (smap) and mono (smep)");
    all.items[0].cpu_features = ""; /* a system that does not tell */
    admits(1, CELL_OK, "");
}

static void test_summary(void **state)
{
    struct results results = {0};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    struct summary summary;

    (void)state;
    admit_prepare();
    all.items[0].audit = "failed";
    all.items[0].audit_reason = "why";
    admit(0);
    results.cells = cells;
    summary = summary_print(&arena, out, &results);
    fclose(out);
    assert_int_equal(summary.measured, 1);
    assert_int_equal(summary.rejected, 1);
    assert_string_equal(text, "exact lane: 1 of 2 cells measured, 1 not admitted\n"
                              "  not admitted: uni/null: the audit failed: why\n");
    free(text);
}

static void test_summary_of_skips(void **state)
{
    struct results results = {0};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    (void)state;
    admit_prepare();
    for (size_t i = 0; i < 3; i++) {
        all.items[i].status = "skip";
        all.items[i].reason = "no time";
    }
    admit(0);
    results.cells = cells;
    assert_int_equal(summary_print(&arena, out, &results).skipped, 2);
    fclose(out);
    assert_string_equal(text, "exact lane: skipped: no time\n");
    free(text);
}

static void test_results(void **state)
{
    const char plan[] = "{\"run\": \"r\", \"images\": {\"uni/null\": \"cc\"}, \"cells\": [{\"structure\": \"uni\", "
                        "\"workload\": \"null\", \"variant\": "
                        "\"default\", \"lane\": \"exact\"}]}";
    struct sample sample = sample_of("uni", 0);
    struct results results;
    const struct result *result;
    char *csv;

    (void)state;
    assert_int_equal(store_append(&store, &sample, &error), 0);
    sample = sample_of("uni", 2);
    assert_int_equal(store_append(&store, &sample, &error), 0);
    assert_int_equal(file_write_atomic(path_of("plan.json"), plan, strlen(plan), &error), 0);
    assert_int_equal(file_write_atomic(path_of("host.json"), "{}", 2, &error), 0);
    assert_int_equal(results_load(&arena, folder, &results, &error), 0);
    result = results_find(&results, &results.cells.items[0], "instructions");
    assert_non_null(result);
    assert_true(result->value == 10.1 && result->lo == 10.0 && result->hi == 10.2 && result->n == 2);
    assert_string_equal(results_find(&results, &results.cells.items[0], "pages")->unit, "pages/run");
    assert_int_equal(results_write(&arena, folder, &results, &error), 0);
    csv = file_read(&arena, path_of("results.csv"), NULL, &error);
    assert_contains(csv, "\"uni\",\"default\",\"null\",\"exact\",\"instructions\",\"instructions/op\",\"lower\","
                         "\"exact\",10.1,2,10,10.2,\"ok\",\"\",\"ok\",10,10.2,\"\"\n");
    results_close(&results);
}

static void test_stats(void **state)
{
    double one[] = {3}, odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2}, many[100];
    struct stats stats;

    (void)state;
    stats = stats_of(one, 1);
    assert_true(stats.median == 3 && stats.lo == 3 && stats.hi == 3);
    stats = stats_of(odd, 3);
    assert_true(stats.median == 3 && stats.lo == 1 && stats.hi == 5);
    stats = stats_of(even, 4);
    assert_true(stats.median == 2.5);
    for (int i = 0; i < 100; i++)
        many[i] = 100 - i;
    stats = stats_of(many, 100);
    assert_true(stats.median == 50.5 && stats.lo == 3 && stats.hi == 98);
}

static void test_run_name(void **state)
{
    (void)state;
    assert_string_equal(store_run_name(&arena, "results/x"), "x");
    assert_string_equal(store_run_name(&arena, "/somewhere/x//"), "x");
    assert_string_equal(store_run_name(&arena, "x"), "x");
    assert_string_equal(store_run_name(&arena, "x/"), "x");
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, store_setup, store_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_round_trip),
        STORE_TEST(test_torn_line),
        STORE_TEST(test_damaged_line),
        STORE_TEST(test_spoiled_line),
        STORE_TEST(test_stale_samples),
        STORE_TEST(test_not_an_object),
        STORE_TEST(test_metric_of_some),
        STORE_TEST(test_full_disk),
        STORE_TEST(test_no_space),
        STORE_TEST(test_folder_is_not_filled_twice),
        TEST(test_resume_finds_samples),
        TEST(test_admission),
        TEST(test_admission_rejects),
        TEST(test_admission_believes_nothing),
        TEST(test_admission_compares),
        TEST(test_run_name),
        TEST(test_summary),
        TEST(test_summary_of_skips),
        STORE_TEST(test_results),
        TEST(test_stats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

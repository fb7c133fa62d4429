/* SPDX-License-Identifier: MIT */
/*
 * test_harness_books.c: the variant `books=off`: which image it boots, how its words may stand in bench.toml, that it
 * is admitted without an audit but not with books, and what is told of the difference.
 */
#include "config_fixture.h"

#include "harness/admit.h"
#include "harness/build.h"
#include "harness/counting.h"
#include "harness/layout.h"
#include "harness/qemu.h"
#include <stdio.h>
#include <unistd.h>

#define VARIANTS(list)                                                                                                 \
    "[structure.uni]\nvariants = [" list "]\n[structure.linux]\n[workload.null]\n[workload.pdf_open]\n"
#define MATRIX                                                                                                         \
    VARIANTS("\"default\", \"books=off\", \"kpti\"") "[structure.uni.variant.\"books=off\"]\non = [\"null\"]\n"

static void test_words(void **state)
{
    (void)state;
    fails(VARIANTS("\"books=none\""), ":2:13: structure.uni.variants: there is no image \"books=none\"",
          "expected \"books=off\"");
    fails(VARIANTS("\"default\", \"books=\""), ":2:24: structure.uni.variants: there is no image \"books=\"", "");
    fails("[structure.linux]\nvariants = [\"books=off\"]\n[workload.null]\n", ":2:13: structure.linux.variants: linux",
          "remove \"books=off\"");
    fails(VARIANTS("\"default\"") "[structure.uni.variant.\"books=off\"]\n", ":6:1: structure.uni.variant.books=off",
          "add \"books=off\" to structure.uni.variants");
    assert_true(config_variant_is_word("kpti"));
    assert_true(config_variant_is_word("bookish"));
    assert_false(config_variant_is_word("books=off"));
    assert_false(config_variant_is_word("default"));
    assert_false(config_variant_is_word(CONFIG_TWIN));
}

static struct plan plan_of(const char *only)
{
    struct plan_options options = {.lanes = LANE_EXACT};
    struct plan plan;

    assert_int_equal(load(MATRIX), 0);
    assert_int_equal(plan_only_parse(&arena, only, &options.only, &error), 0);
    assert_int_equal(plan_make(&arena, &config, &options, &plan, &error), 0);
    return plan;
}

static bool is_built(const struct strings *files, const char *file)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i], file) == 0)
            return true;
    }
    return false;
}

static void test_image(void **state)
{
    struct plan plan = plan_of("uni/*");
    const struct plan_guest *without = &plan.guests[2], *word = &plan.guests[3];
    struct strings files = build_list(&arena, &plan);

    (void)state;
    assert_int_equal(plan.guest_count, 2 + 1 + 2); /* it runs null only */
    assert_string_equal(without->variant, "books=off");
    assert_string_equal(layout_image(&arena, without).kernel, "build/images/uni/books-off/null.elf");
    assert_string_equal(layout_image(&arena, without).map, "build/images/uni/books-off/null.map");
    assert_string_equal(layout_image(&arena, word).kernel, "build/images/uni/null.elf");
    assert_true(is_built(&files, "build/images/uni/books-off/null.elf"));
    assert_true(is_built(&files, "build/images/uni/books-off/null.json"));
    assert_false(is_built(&files, "build/images/uni/books-off/pdf_open.elf"));
    assert_string_equal(layout_image_name(&arena, "uni", "books=off", false, "null"), "uni:books=off/null");
    assert_string_equal(layout_image_name(&arena, "uni", "kpti", false, "null"), "uni/null");
    assert_string_equal(layout_image_name(&arena, "linux", "debian", true, "kv_get"), "linux:debian/kv_get");
}

/* The kernel's command line of a guest. */
static const char *line_of(const struct plan_guest *guest)
{
    struct qemu_files files = {.disk = "d", .serial = "s", .counts = "c"};
    struct strings argv = {0};

    assert_int_equal(qemu_command(&arena, &config, guest, &files, NULL, &argv, &error), 0);
    for (size_t i = 0; i + 1 < argv.count; i++) {
        if (strcmp(argv.items[i], "-append") == 0)
            return argv.items[i + 1];
    }
    return "";
}

static void test_command_line(void **state)
{
    struct plan plan = plan_of("uni/null");

    (void)state;
    assert_string_equal(plan.guests[1].variant, "books=off");
    assert_string_equal(line_of(&plan.guests[1]), line_of(&plan.guests[0]));
    assert_contains(line_of(&plan.guests[2]), " kpti -- ");
}

static struct sample sample_of(const char *variant, const char *audit, int64_t counting)
{
    struct sample sample = {.run = "r", .structure = "uni", .workload = "null", .variant = variant, .lane = "exact"};

    sample.ops = 10;
    sample.status = "ok";
    sample.audit = audit;
    sample.output_sha256 = sample.workload_sha256 = "aa";
    sample.image_sha256 = strcmp(variant, "default") == 0 ? "cc" : "dd";
    sample.reason = sample.audit_reason = sample.words = sample.options = sample.cpu_features = sample.model = "";
    sample.disk = "clean";
    metrics_set(&arena, &sample.metrics, "instructions", NULL, 100);
    metrics_set(&arena, &sample.metrics, "counting", NULL, counting);
    return sample;
}

static const struct cell *admit(struct sample without)
{
    struct sample items[] = {sample_of("default", "ok", 5), without};
    struct samples samples = {.items = arena_alloc(&arena, sizeof(items)), .count = 2};
    json_t *plan =
        json_pack("{ss s{ss ss} s[{ss ss ss ss} {ss ss ss ss}]}", "run", "r", "images", "uni/null", "cc",
                  "uni:books=off/null", "dd", "cells", "structure", "uni", "workload", "null", "variant", "default",
                  "lane", "exact", "structure", "uni", "workload", "null", "variant", "books=off", "lane", "exact");
    struct cells cells;

    memcpy(samples.items, items, sizeof(items));
    assert_int_equal(admit_cells(&arena, plan, &samples, &cells, &error), 0);
    json_decref(plan);
    assert_string_equal(cells.items[0].status, CELL_OK);
    return &cells.items[1];
}

static void test_admission(void **state)
{
    struct sample other = sample_of("books=off", "none", 0);

    (void)state;
    assert_string_equal(admit(other)->status, CELL_OK);
    assert_string_equal(admit(other)->audit, "none");
    assert_string_equal(admit(sample_of("books=off", "ok", 0))->status, CELL_REJECTED);
    assert_contains(admit(sample_of("books=off", "ok", 0))->reason, "was to keep no books, and reported some");
    assert_string_equal(admit(sample_of("books=off", "none", 3))->status, CELL_REJECTED);
    assert_contains(admit(sample_of("books=off", "none", 3))->reason, "spent 3 instructions on them");
    other.image_sha256 = "cc"; /* that of the image with books */
    assert_contains(admit(other)->reason, "it booted another image (cc) than plan.json names (dd)");
}

#define CELL(w, v, l)                                                                                                  \
    {                                                                                                                  \
        .structure = "mono", .workload = w, .variant = v, .lane = l, .status = CELL_OK                                 \
    }
#define COUNT(c, m, v)                                                                                                 \
    {                                                                                                                  \
        .cell = &cells[c], .metric = m, .value = v, .n = 1                                                             \
    }

static void test_costs(void **state)
{
    struct cell cells[] = {CELL("a", "default", "exact"), CELL("a", "kpti", "exact"), CELL("a", "books=off", "exact"),
                           CELL("b", "default", "exact"), CELL("b", "books=off", "exact")};
    struct result items[] = {
        COUNT(0, "instructions_arch", 1040), COUNT(0, "counting", 12), COUNT(1, "instructions_arch", 70),
        COUNT(2, "instructions_arch", 1000), COUNT(2, "counting", 0),  COUNT(3, "instructions_arch", 50),
        COUNT(4, "instructions_arch", 50)};
    struct results results = {.cells = {.items = cells, .count = 5}, .items = items, .count = 7};
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    cells[4].status = CELL_REJECTED;
    counting_print(&arena, out, &results);
    fclose(out);
    assert_contains(text, "what counting costs: instructions");
    assert_contains(text, "  mono     a                       1,040        1,000        40    4.00 %        12\n");
    assert_null(strstr(text, "mono     b"));
    assert_null(strstr(text, "books=off"));
    assert_null(strstr(text, "cycles"));
}

/* Cycles of three boots each. */
static void test_cycles(void **state)
{
    static const int64_t cycles[2][3] = {{1100, 1200, 1300}, {1000, 1010, 1020}};
    struct cell cells[] = {CELL("a", "default", "time"), CELL("a", "books=off", "time")};
    struct result items[] = {COUNT(0, "cycles", 120), COUNT(1, "cycles", 101)};
    struct results results = {.cells = {.items = cells, .count = 2}, .items = items, .count = 2};
    struct sample samples[2][3] = {0};
    const struct sample *lists[2][3];
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        for (size_t i = 0; i < 3; i++) {
            samples[c][i].ops = 10;
            metrics_set(&arena, &samples[c][i].metrics, "cycles", NULL, cycles[c][i]);
            lists[c][i] = &samples[c][i];
        }
        cells[c].samples = lists[c];
        cells[c].sample_count = 3;
    }
    counting_print(&arena, out, &results);
    fclose(out);
    assert_contains(text, "what counting costs: measured cycles");
    assert_contains(text, "mono     a                         120          101        19  (8 to 30, of too few boots");
    assert_null(strstr(text, "instructions"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_words),     TEST(test_image), TEST(test_command_line),
        TEST(test_admission), TEST(test_costs), TEST(test_cycles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

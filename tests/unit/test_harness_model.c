/* SPDX-License-Identifier: MIT */
/*
 * test_harness_model.c: profiles, budgets made with them, and what becomes of calibrated values.
 */
#include "toml_fixture.h"

#include "harness/calibrate.h"
#include "harness/file.h"
#include "harness/model.h"
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#define HEAD "name = \"p\"\nwhat = \"w\"\n"
#define COST "[cost]\ncpi = { cycles = 0.5, source = \"a\" }\n"
#define L1 "[cache.l1d]\nbytes = 32768\nways = 8\nline = 64\nsource = \"s\"\npenalty = 8\npenalty_source = \"t\"\n"
#define DTLB "[tlb.dtlb]\nentries = 64\nways = 4\nsource = \"s\"\npenalty = 9\npenalty_source = \"t\"\n"

static struct profile profile;

static int toml_read(const char *path)
{
    return profile_load(&arena, path, &profile, &error);
}

static void test_profile(void **state)
{
    (void)state;
    assert_int_equal(load(HEAD L1 DTLB COST "syscall = { cycles = 70, source = \"b\" }\n"), 0);
    assert_string_equal(profile.name, "p");
    assert_true(profile.arrays[PROFILE_L1D].known);
    assert_int_equal(profile.arrays[PROFILE_L1D].size, 32768);
    assert_int_equal(profile.arrays[PROFILE_DTLB].line, 4096);
    assert_string_equal(profile.arrays[PROFILE_DTLB].penalty_source, "t");
    assert_false(profile.arrays[PROFILE_L2].known);
    assert_true(profile.costs[PROFILE_SYSCALL].cycles == 70);
    assert_string_equal(profile.costs[PROFILE_SYSCALL].source, "b");
    assert_false(profile.costs[PROFILE_EXCEPTION].known);
}

static void test_profile_mistakes(void **state)
{
    (void)state;
    fails(HEAD, ":1:1: cost.cpi", "add [cost] cpi");
    fails(HEAD COST "sycall = { cycles = 1, source = \"b\" }\n", ":5:1: cost.sycall: unknown key",
          "did you mean syscall?");
    fails(HEAD COST "syscall = { cycles = 1 }\n", ":5:11: cost.syscall.source", "expected a text, found nothing");
    fails(HEAD COST "syscall = { source = \"b\" }\n", ":5:11: cost.syscall.cycles", "found nothing; add cycles");
    fails(HEAD COST "syscall = { cycles = -1, source = \"b\" }\n", "cost.syscall.cycles", "expected a number from 0");
    fails(HEAD COST "syscall = { cycles = nan, source = \"b\" }\n", "cost.syscall.cycles", "expected a number");
    fails(HEAD COST "syscall = 70\n", "cost.syscall", "expected a table");
    fails(HEAD COST "[cache.l3]\nbytes = 1\n", "cache.l3: unknown key", "expected one of");
    fails(HEAD COST "[cache.l1d]\nbytes = 30000\nways = 8\nline = 64\nsource = \"s\"\npenalty = 8\n"
                    "penalty_source = \"t\"\n",
          "cache.l1d.bytes", "ways times a power of two");
    fails(HEAD COST "[tlb.dtlb]\nways = 4\nsource = \"s\"\npenalty = 8\npenalty_source = \"t\"\n", "tlb.dtlb.entries",
          "found nothing");
    fails("what = \"w\"\n" COST, "name", "found nothing");
    fails("name = \n", ":1:8", "toml.io");
    assert_int_equal(toml_read("/nonexistent/p.toml"), -1);
    assert_int_equal(error.code, TOLL_USAGE);
    assert_contains(error.text, "/nonexistent/p.toml: No such file");
    assert_int_equal(toml_read("build/tests"), -1);
    assert_contains(error.text, "build/tests: Is a directory");
    assert_null(profile_find(&arena, "no-such-profile", &error));
    assert_contains(error.text, "skylake-client");
}

/* Every profile that is committed can be read, is called like its file and comes back equal when it is written. */
static void test_profiles_shipped(void **state)
{
    char path[] = "build/tests/test-profile-XXXXXX";
    glob_t files;

    (void)state;
    close(mkstemp(path));
    assert_int_equal(glob(PROFILE_FOLDER "/*.toml", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct profile again;

        if (profile_load(&arena, files.gl_pathv[i], &profile, &error))
            fail_msg("%s", error.text);
        assert_contains(files.gl_pathv[i], profile.name);
        assert_int_equal(profile_save(&arena, path, &profile, &error), 0);
        assert_int_equal(profile_load(&arena, path, &again, &error), 0);
        for (int k = 0; k < PROFILE_COSTS; k++) {
            assert_int_equal(profile.costs[k].known, again.costs[k].known);
            assert_true(profile.costs[k].cycles == again.costs[k].cycles);
            if (profile.costs[k].known)
                assert_string_equal(profile.costs[k].source, again.costs[k].source);
        }
        for (int k = 0; k < PROFILE_ARRAYS; k++) {
            assert_int_equal(profile.arrays[k].size, again.arrays[k].size);
            assert_true(profile.arrays[k].penalty == again.arrays[k].penalty);
        }
    }
    globfree(&files);
    unlink(path);
}

/* Whether a source can be looked up: a work with its year, a vendor's manual or metrics, another key of the profile, or
   a derivation or definition that stands there in full. */
static bool is_source(const char *source)
{
    static const char *const words[] = {"derived: ", "definition: ", "as ", "calibrated", "Manual", "Metrics"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (i < 4 ? !strncmp(source, words[i], strlen(words[i])) : strstr(source, words[i]) != NULL)
            return true;
    }
    for (; *source; source++) {
        if ((!strncmp(source, "19", 2) || !strncmp(source, "20", 2)) && isdigit(source[2]) && isdigit(source[3]))
            return true;
    }
    return false;
}

static void test_profiles_sourced(void **state)
{
    glob_t files;

    (void)state;
    assert_int_equal(glob(PROFILE_FOLDER "/*.toml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 2);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        assert_int_equal(profile_load(&arena, files.gl_pathv[i], &profile, &error), 0);
        for (int k = 0; k < PROFILE_COSTS; k++) {
            if (profile.costs[k].known && !is_source(profile.costs[k].source))
                fail_msg("%s: %s: source: %s", profile.path, profile_cost_names[k], profile.costs[k].source);
        }
        for (int k = 0; k < PROFILE_ARRAYS; k++) {
            if (profile.arrays[k].known &&
                (!is_source(profile.arrays[k].source) || !is_source(profile.arrays[k].penalty_source)))
                fail_msg("%s: %s: source or penalty_source", profile.path, profile_array_names[k]);
        }
    }
    globfree(&files);
    assert_false(is_source("an estimate"));
    assert_false(is_source("assumed"));
}

/* A run with one workload in both lanes. */
static struct cell cells[2] = {
    {.structure = "micro", .workload = "w", .variant = "default", .lane = "exact", .status = CELL_OK},
    {.structure = "micro", .workload = "w", .variant = "default", .lane = "time", .status = CELL_OK},
};
static struct result items[16];
static struct results results;

static void counted(const char *metric, double value)
{
    items[results.count++] = (struct result){.cell = &cells[0], .metric = metric, .value = value, .n = 1};
}

static void run_begin(void)
{
    results = (struct results){.run = "r", .cells = {cells, 2, 2}, .items = items};
    assert_int_equal(load(HEAD L1 COST "syscall = { cycles = 70, source = \"b\" }\n"
                                       "as_switch = { cycles = 200, source = \"c\" }\n"
                                       "as_switch_kept = { cycles = 150, source = \"d\" }\n"
                                       "as_switch_refill = { cycles = 40, source = \"e\" }\n"),
                     0);
    counted("instructions", 2000);
    counted("instructions_arch", 1000);
    counted("syscall", 2);
    counted("as_switch", 3);
    counted("as_switch_kept", 1);
    counted("ipc", 0);
}

static const struct model_term *term(const struct model_budget *budget, const char *name)
{
    for (size_t i = 0; i < budget->count; i++) {
        if (strcmp(budget->terms[i].name, name) == 0)
            return &budget->terms[i];
    }
    return NULL;
}

/* A copy is priced by its bytes; without a price it is told, and not taken for free. */
static void test_budget_repeated(void **state)
{
    struct model_budget budget;

    (void)state;
    run_begin();
    counted("rep", 2);
    counted("rep_bytes", 8192);
    assert_true(model_budget_make(&results, &cells[0], &profile, &budget));
    assert_false(term(&budget, "rep_bytes")->priced);
    assert_true(term(&budget, "rep_bytes")->count == 8192);
    assert_int_equal(budget.unpriced, 2);
    run_begin();
    assert_int_equal(
        load(HEAD COST "rep = { cycles = 20, source = \"b\" }\nrep_bytes = { cycles = 0.0625, source = \"b\" }\n"), 0);
    results.count = 0;
    counted("instructions_arch", 1000);
    counted("rep", 2);
    counted("rep_bytes", 8192);
    assert_true(model_budget_make(&results, &cells[0], &profile, &budget));
    assert_true(term(&budget, "rep")->cycles == 40);
    assert_true(term(&budget, "rep_bytes")->cycles == 512);
    assert_true(budget.cycles == 500 + 40 + 512);
}

static void test_budget(void **state)
{
    struct model_budget budget;

    (void)state;
    run_begin();
    counted("hlt", 1);
    assert_true(model_budget_make(&results, &cells[0], &profile, &budget));
    assert_true(budget.cycles == 1000 * 0.5 + 2 * 70 + 2 * (200 + 40) + 150);
    assert_string_equal(budget.terms[0].name, "instructions_arch");
    assert_true(term(&budget, "as_switch")->count == 2);
    assert_string_equal(term(&budget, "as_switch_kept")->source, "d");
    assert_null(term(&budget, "ipc"));
    assert_int_equal(budget.unpriced, 1);
    assert_false(term(&budget, "hlt")->priced);
    assert_false(budget.with_misses);
    assert_false(budget.is_measured);
}

static void test_budget_with_misses(void **state)
{
    struct model_budget budget;

    (void)state;
    run_begin();
    counted("miss.l1d", 10);
    counted("miss.l2", 5);
    assert_true(model_budget_make(&results, &cells[0], &profile, &budget));
    assert_true(budget.with_misses);
    assert_null(term(&budget, "as_switch_refill"));
    assert_true(term(&budget, "miss.l1d")->cycles == 80);
    assert_false(term(&budget, "miss.l2")->priced);
    assert_true(budget.cycles == 500 + 140 + 400 + 150 + 80);
}

static void test_budget_measured(void **state)
{
    struct model_budget budget;
    json_t *json;

    (void)state;
    run_begin();
    items[results.count++] = (struct result){.cell = &cells[1], .metric = "cycles", .value = 1500, .n = 10};
    assert_true(model_budget_make(&results, &cells[0], &profile, &budget));
    assert_true(budget.is_measured);
    json = model_budget_to_json(&budget);
    assert_true(json_number_value(json_object_get(json, "remainder")) == 1500 - budget.cycles);
    assert_true(json_number_value(json_object_get(json, MODEL_METRIC)) == budget.cycles);
    json_decref(json);
}

/* A device's access costs at least an exit. */
static void test_budget_exit(void **state)
{
    struct model_budget budget;

    (void)state;
    run_begin();
    counted("port_io", 2);
    counted("wrmsr", 1);
    profile.costs[PROFILE_VM_EXIT] = (struct profile_cost){true, 1000, "x"};
    assert_true(model_budget_make(&results, &cells[0], &profile, &budget));
    assert_true(term(&budget, "port_io")->cycles == 2000);
    assert_false(term(&budget, "wrmsr")->priced);
}

#define ALL                                                                                                            \
    "CAL empty 10 20 20 20\r\nCAL syscall 10 720 700 740\nCAL exception 10 4000 4000 4000\n"                           \
    "CAL as_switch 10 2020 2020 2020\nCAL as_switch_kept none the processor has no PCID\nCAL invlpg 10 20 20 20\n"     \
    "CAL hypercall 10 12020 12020 12020\nCAL wrmsr 10 20 20 20\nCAL port_io 10 20 20 20\nCAL mmio 10 20 20 20\n"       \
    "CAL apic_eoi 10 10000 10000 10000\nCAL ipi 10 26000 26000 26000\nCAL timer_spin 10 900 900 900\n"                 \
    "CAL timer_halt 10 800 800 800\n"

static void test_calibrate_parse(void **state)
{
    struct calibrate calibrate = {0};

    (void)state;
    assert_int_equal(calibrate_parse(&arena, "SeaBIOS\n" ALL "CAL end\n", &calibrate, &error), 0);
    assert_true(calibrate_find(&calibrate, "syscall", false)->cycles == 70);
    assert_true(calibrate_find(&calibrate, "vm_exit", false)->cycles == 1200);
    assert_true(calibrate_find(&calibrate, "interrupt", false)->cycles == 600);
    assert_true(calibrate_find(&calibrate, "hlt", false)->cycles == 0); /* never below nothing */
    assert_null(calibrate_find(&calibrate, "as_switch_kept", false));
    assert_null(calibrate_find(&calibrate, "syscall", true));
    assert_int_equal(calibrate_parse(&arena, ALL, &calibrate, &error), -1);
    assert_int_equal(calibrate_parse(&arena, "CAL end\n", &calibrate, &error), -1);
    assert_int_equal(calibrate_parse(&arena, "CAL empty 10 x\nCAL end\n", &calibrate, &error), -1);
    assert_int_equal(calibrate_parse(&arena, "CAL empty 0 1\nCAL end\n", &calibrate, &error), -1);
    assert_contains(error.text, "toll calibrate");
}

static void add(struct calibrate *calibrate, const char *name, bool native, bool bound, double cycles)
{
    calibrate_add(&arena, calibrate,
                  (struct calibrate_value){.name = name, .how = "h", .native = native, .bound = bound}, &cycles, 1, 1,
                  0);
}

static void test_calibrate_apply(void **state)
{
    struct calibrate calibrate = {0};
    struct profile out;

    (void)state;
    assert_int_equal(load(HEAD L1 COST "syscall = { cycles = 70, source = \"b\" }\n"), 0);
    add(&calibrate, "syscall", true, true, 400);
    add(&calibrate, "exception", true, true, 2000);
    add(&calibrate, "miss.l1d", true, false, 11);
    calibrate_apply(&arena, &calibrate, &profile, "host", &out);
    assert_string_equal(out.name, "host");
    assert_true(out.costs[PROFILE_SYSCALL].cycles == 70); /* an upper bound takes nobody's place */
    assert_string_equal(out.costs[PROFILE_SYSCALL].source, "b");
    assert_true(out.costs[PROFILE_EXCEPTION].cycles == 2000);
    assert_contains(out.costs[PROFILE_EXCEPTION].source, "calibrated natively");
    assert_true(out.arrays[PROFILE_L1D].penalty == 11);
    assert_string_equal(out.arrays[PROFILE_L1D].source, "s");
    add(&calibrate, "syscall", false, false, 60);
    calibrate_apply(&arena, &calibrate, &profile, "host", &out);
    assert_true(out.costs[PROFILE_SYSCALL].cycles == 60);
    assert_contains(out.costs[PROFILE_SYSCALL].source, "calibrated under KVM");
}

/* What a process can measure is there on every host; how long it takes is not asserted. */
static void test_calibrate_native(void **state)
{
    static const char *const names[] = {"timer", "syscall", "exception", "signal", "mix", "miss.l1d", "miss.dtlb"};
    struct calibrate calibrate = {0};

    (void)state;
    assert_int_equal(load(HEAD L1 "[cache.l2]\nbytes = 262144\nways = 4\nline = 64\nsource = \"s\"\npenalty = 32\n"
                                  "penalty_source = \"t\"\n[tlb.stlb]\nentries = 64\nways = 4\nsource = \"s\"\n"
                                  "penalty = 9\npenalty_source = \"t\"\n" COST),
                     0);
    calibrate_native(&arena, &profile, &calibrate);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct calibrate_value *value = calibrate_find(&calibrate, names[i], true);

        assert_non_null(value);
        assert_true(value->lo <= value->cycles && value->cycles <= value->hi);
    }
}

static void test_calibrate_cpi(void **state)
{
    struct calibrate calibrate = {0};

    (void)state;
    run_begin();
    cells[0].structure = cells[1].structure = "uni";
    calibrate_cpi(&arena, &results, &profile, &calibrate);
    assert_contains(calibrate.values[0].reason, "both lanes");
    items[results.count++] = (struct result){.cell = &cells[1], .metric = "cycles", .value = 1570, .n = 10};
    calibrate_cpi(&arena, &results, &profile, &calibrate);
    assert_true(calibrate.values[1].cycles == (1570 - 140 - 480 - 150) / 1000.0);
    cells[0].structure = cells[1].structure = "micro";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_profile),
        TEST(test_profile_mistakes),
        TEST(test_profiles_shipped),
        TEST(test_profiles_sourced),
        TEST(test_budget),
        TEST(test_budget_repeated),
        TEST(test_budget_with_misses),
        TEST(test_budget_measured),
        TEST(test_budget_exit),
        TEST(test_calibrate_parse),
        TEST(test_calibrate_apply),
        TEST(test_calibrate_native),
        TEST(test_calibrate_cpi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

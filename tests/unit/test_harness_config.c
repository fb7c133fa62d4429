/* SPDX-License-Identifier: MIT */
/*
 * test_harness_config.c: bench.toml: what is read, and how each mistake is reported; the plan that follows from it.
 */
#include "config_fixture.h"

#include "harness/admit.h"
#include "harness/build.h"
#include "harness/config.h"
#include "harness/layout.h"
#include "harness/plan.h"
#include <stdio.h>
#include <unistd.h>

#define STANZAS "[structure.uni]\n[structure.mono]\n[workload.null]\nops = 5\n"

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(load(STANZAS), 0);
    assert_int_equal(config.jobs, 2);
    assert_string_equal(config.machine, "microvm");
    assert_int_equal(config.structure_count, 2);
    assert_string_equal(config.structures[0].name, "uni"); /* the file's order, not the alphabet's */
    assert_string_equal(config.structures[1].variants[0].name, "default");
    assert_int_equal(config.structures[1].memory_mib, CONFIG_MEMORY_DEFAULT);
    assert_int_equal(config.workloads[0].ops, 5);
}

static void test_mistakes(void **state)
{
    (void)state;
    fails("[run]\njob = 2\n" STANZAS, ":2:1: run.job: unknown key", "did you mean jobs?");
    fails("[run]\njobs = \"two\"\n" STANZAS, ":2:8: run.jobs: expected a whole number", "found the text \"two\"");
    fails("[run]\njobs = 1.5\n" STANZAS, ":2:8: run.jobs: expected", "found the number 1.5");
    fails("[run]\ntime_precision = 0\n" STANZAS, ":2:18: run.time_precision: expected", "from 0.001 to 100, found");
    fails("[run]\ntime_precision = nan\n" STANZAS, ":2:18: run.time_precision: expected", "found the number nan");
    fails(STANZAS "on = []\n", ":5:6: workload.null.on: expected at least one text", "remove on to mean all");
    fails(STANZAS "on = [\"uni\", \"uni\"]\n", ":5:14: workload.null.on: \"uni\" is listed twice", "remove one");
    fails(STANZAS "on = [\"uni\"]\nwithout = { uni = \"no\" }\n", ":6:", "uni is listed in `on` as well");
    fails(STANZAS "without = { uni = \"no\", mono = \"no\" }\n", "workload.null: no structure is left", "remove one");
    fails(STANZAS "elsewhere = \"no\"\n", "workload.null.elsewhere: it speaks of structures that are not in `on`",
          "add `on`");
    fails("[run]\ntime_percision = 1\n" STANZAS, "unknown key", "did you mean time_precision?");
    fails("[run]\njobs = 0\n" STANZAS, ":2:8: run.jobs: expected", "from 1 to 256, found the number 0");
    fails("[run]\nmachine = \"pc\"\n" STANZAS, ":2:11: run.machine: expected one of \"microvm\", \"q35\"", "choose");
    fails("run = 1\n" STANZAS, ":1:7: run: expected a table", "write [run]");
    fails("[run\n" STANZAS, ":1:", "");
    fails("[run]\njobs = 1\njobs = 2\n" STANZAS, ":3:", "");
    fails("[workload.null]\n", "structure: expected at least one stanza", "[structure.NAME]");
    fails("[structure.uni]\n", "workload: expected at least one stanza", "[workload.NAME]");
    fails("[structure.uni]\nvariants = [\"a\", \"a\"]\n[workload.a]\n", ":2:18: structure.uni.variants", "twice");
    fails(STANZAS "args = [\"a b=1\"]\n", ":5:9: workload.null.args: expected a text without blanks", "");
    fails(STANZAS "args = [\"a\"]\n", ":5:9: workload.null.args: expected words key=value", "add =VALUE");
    fails(STANZAS "on = [\"micro\"]\n", ":5:7: workload.null.on: there is no structure micro", "uni, mono");
    fails(STANZAS "files = [\"a/x\", \"b/x\"]\n", ":5:17: workload.null.files: two files are called x", "rename");
    fails(STANZAS "files = [\"a/x\", \"a/x\"]\n", ":5:17: workload.null.files: two files are called x", "rename");
    fails(STANZAS "files = [\"a/x\"]\n[workload.b]\nfiles = [\"y\", \"b/x\"]\n",
          ":7:15: workload.b.files: two files are called x", "rename");
    assert_int_equal(load(STANZAS "files = [\"a/x\"]\n[workload.b]\nfiles = [\"a/x\"]\n"), 0);
    fails(STANZAS "without = { uni = 3 }\n", "workload.null.without.uni: expected the reason", "say why");
    fails(STANZAS "[workload.\"a/b\"]\n", "workload.a/b: expected a name", "rename");
    fails(STANZAS "program = \"a/b\"\n", ":5:11: workload.null.program: expected a name", "without its .c");
    fails(STANZAS "repeats_within = 0\n", ":5:18: workload.null.repeats_within: expected a number from 0.01 to 10",
          "found the number 0; correct it");
    fails(STANZAS "repeats_within = 10.5\n", ":5:18: workload.null.repeats_within: expected", "found the number 10.5");
    fails(STANZAS "repeats_within = \"1 %\"\n", ":5:18: workload.null.repeats_within: expected", "the text \"1 %\"");
    fails(STANZAS "repeats_within = nan\n", ":5:18: workload.null.repeats_within: expected", "correct it");
    fails(STANZAS "elsewhere = \"\"\n", ":5:13: workload.null.elsewhere: expected a text", "in words");
    fails("[structure.uni]\n[structure.uni.variant.a]\n[workload.a]\n", ":2:1: structure.uni.variant.a",
          "add \"a\" to structure.uni.variants");
    fails("[structure.uni]\nvariants = [\"a\"]\n[structure.uni.variant.a]\non = [\"b*\"]\n[workload.a]\n",
          ":4:7: structure.uni.variant.\"a\".on: no workload is called b*", "correct");
    fails("[structure.uni]\nvariants = [\"a\"]\n[structure.uni.variant.a]\nin = 1\n[workload.a]\n",
          ":4:1: structure.uni.variant.\"a\".in: unknown key", "did you mean on?");
}

#define KV                                                                                                             \
    "[workload.kv]\nprogram = \"kv_server\"\nwarm = 3\n[workload.kv.load]\nprotocol = \"echo\"\n[workload.null]\n"
#define DEBIAN "[structure.linux]\nvariants = [\"default\", \"debian\"]\n[structure.linux.variant.debian]\n"

static void test_server_mistakes(void **state)
{
    (void)state;
    fails(DEBIAN "servers = { kv_server = \"apache\" }\n" KV,
          ":4:25: structure.linux.variant.\"debian\".servers.kv_server: expected a server that kernels/linux/serve.c "
          "knows, \"redis-server\" or \"nginx\", found the text \"apache\"",
          "correct it");
    fails(DEBIAN "servers = { kv_server = 1 }\n" KV, "servers.kv_server: expected a server", "found the number 1");
    fails(DEBIAN "servers = { kw_server = \"nginx\" }\n" KV,
          "servers.kw_server: no workload with a load has this program", "remove it");
    fails(DEBIAN "servers = { null = \"nginx\" }\n" KV, "servers.null: no workload with a load", "remove it");
    fails(DEBIAN "servers = \"nginx\"\n" KV, ".servers: expected a table", "");
    fails("[structure.uni]\nvariants = [\"a\"]\n[structure.uni.variant.a]\nservers = { kv_server = \"nginx\" }\n" KV,
          ".servers: only linux runs programs of the distribution", "remove it");
    fails("[structure.linux]\n[structure.linux.variant.default]\nservers = { kv_server = \"nginx\" }\n" KV,
          ".servers: the default runs our own programs", "name another variant");
}

/* Another program, in another image, with the words of ours, for the workloads that have clients. */
static void test_plan_servers(void **state)
{
    struct plan_options options = {.lanes = LANE_EXACT};
    const struct plan_guest *guest;
    struct plan plan;

    (void)state;
    assert_int_equal(load(DEBIAN "servers = { kv_server = \"redis-server\" }\n" KV), 0);
    assert_int_equal(plan_make(&arena, &config, &options, &plan, &error), 0);
    assert_int_equal(plan.guest_count, 3); /* all else, ours, Debian's */
    guest = &plan.guests[2];
    assert_string_equal(guest->variant, "debian");
    assert_int_equal(guest->cell_count, 1);
    assert_string_equal(guest->cells[0].words, "serve redis-server name=kv ops=1000 warm=3");
    assert_string_equal(layout_image(&arena, guest).initrd, "build/linux/servers.cpio");
    assert_string_equal(layout_manifest(&arena, guest, guest->cells[0].program),
                        "build/linux/servers/redis-server.json");
    assert_string_equal(layout_image(&arena, &plan.guests[1]).initrd, "build/linux/initramfs.cpio");
}

static const struct config_variant *twin_of(size_t structure)
{
    const struct config_structure *s = &config.structures[structure];
    const struct config_variant *last = &s->variants[s->variant_count - 1];

    return strcmp(last->name, CONFIG_TWIN) == 0 && last->time_only ? last : NULL;
}

static void test_time_settings(void **state)
{
    (void)state;
    assert_int_equal(load(STANZAS), 0);
    assert_int_equal(config.time_repetitions, 30);
    assert_int_equal(config.time_repetitions_min, 10);
    assert_true(config.time_precision > 0.0099 && config.time_precision < 0.0101);
    assert_int_equal(config.time_cpu, -1);
    assert_non_null(twin_of(0)); /* of the first structure, unless the file says otherwise */
    assert_null(twin_of(1));
    assert_int_equal(
        load("[run]\ntime_repetitions = 4\ntime_precision = 0.5\ntime_cpu = 3\ntime_twin = \"mono\"\n" STANZAS), 0);
    assert_int_equal(config.time_repetitions_min, 4);
    assert_true(config.time_precision > 0.0049 && config.time_precision < 0.0051);
    assert_int_equal(config.time_cpu, 3);
    assert_null(twin_of(0));
    assert_non_null(twin_of(1));
    assert_int_equal(load("[run]\ntime_twin = \"none\"\n" STANZAS), 0);
    assert_null(twin_of(0));
    fails("[run]\ntime_twin = \"exo\"\n" STANZAS, ":2:13: run.time_twin: there is no structure exo", "\"none\"");
    fails("[run]\ntime_repetitions = 4\ntime_repetitions_min = 5\n" STANZAS, ":3:24: run.time_repetitions_min",
          "from 1 to 4");
    fails("[run]\ntime_precision = \"fine\"\n" STANZAS, ":2:18: run.time_precision: expected a number", "fine");
    fails("[structure.uni]\nvariants = [\"again\"]\n[workload.a]\n", ":2:13: structure.uni.variants", "time_twin");
}

static void test_absent(void **state)
{
    (void)state;
    assert_int_equal(config_load(&arena, "/nonexistent/bench.toml", &config, &error), -1);
    assert_int_equal(error.code, TOLL_USAGE);
    assert_contains(error.text, "/nonexistent/bench.toml");
    assert_contains(error.text, "--config");
}

static void test_suggest(void **state)
{
    const char *const names[] = {"ops", "warm", "args"};

    (void)state;
    assert_string_equal(config_suggest("warn", names, 3), "warm");
    assert_string_equal(config_suggest("op", names, 3), "ops");
    assert_null(config_suggest("something", names, 3));
}

#define MATRIX                                                                                                         \
    "[run]\nrepetitions = 2\n[structure.uni]\n[structure.linux]\nvariants = [\"default\", \"mitigations=off\"]\n"      \
    "[workload.null]\nops = 5\nwarm = 1\nargs = [\"k=v\"]\nfiles = [\"x/a.pdf\"]\n[workload.file_open]\n"              \
    "[workload.spawn_wait]\nwithout = { uni = \"no processes\" }\n[workload.extra]\non = [\"linux\"]\n"

static struct plan plan_of(const char *only, unsigned lanes)
{
    struct plan_options options = {.lanes = lanes};
    struct plan plan;

    assert_int_equal(load(MATRIX), 0);
    if (only)
        assert_int_equal(plan_only_parse(&arena, only, &options.only, &error), 0);
    assert_int_equal(plan_make(&arena, &config, &options, &plan, &error), 0);
    return plan;
}

static void test_plan(void **state)
{
    struct plan plan = plan_of(NULL, LANE_EXACT);

    (void)state;
    assert_int_equal(plan.guest_count, 2 * (2 + 2)); /* two boots of linux, uni/null, uni/file_open; twice */
    assert_string_equal(plan.guests[0].structure->name, "linux");
    assert_int_equal(plan.guests[0].cell_count, 4);
    assert_string_equal(plan.guests[1].variant, "mitigations=off");
    assert_string_equal(plan.guests[2].cells[0].words, "null ops=5 warm=1 k=v file=pdf/a.pdf");
    assert_int_equal(plan.refusal_count, 1);
    assert_string_equal(plan.refusals[0].reason, "no processes");
}

static void test_plan_only(void **state)
{
    struct plan plan = plan_of("uni/*_open,linux/null", LANE_EXACT);

    (void)state;
    assert_int_equal(plan.guest_count, 2 * (1 + 2));
    assert_int_equal(plan.guests[0].cell_count, 1);
    assert_string_equal(plan.guests[2].cells[0].workload->name, "file_open");
    assert_int_equal(plan.refusal_count, 0);
}

#define VARIANTS                                                                                                       \
    "[structure.uni]\n[structure.mono]\nvariants = [\"default\", \"path=copy\", \"all\"]\n"                            \
    "[structure.mono.variant.\"path=copy\"]\non = [\"read_*\"]\n[workload.null]\nops = 5\n[workload.read_hot]\n"       \
    "[workload.call_0]\nprogram = \"call\"\nargs = [\"words=0\"]\non = [\"mono\"]\nelsewhere = \"no calls\"\n"

static struct plan plan_of_variants(const char *only)
{
    struct plan_options options = {.lanes = LANE_EXACT};
    struct plan plan;

    assert_int_equal(load(VARIANTS), 0);
    if (only)
        assert_int_equal(plan_only_parse(&arena, only, &options.only, &error), 0);
    assert_int_equal(plan_make(&arena, &config, &options, &plan, &error), 0);
    return plan;
}

static void test_plan_variants(void **state)
{
    struct plan plan = plan_of_variants(NULL);

    (void)state;
    assert_int_equal(plan.guest_count, 2 + 3 + 1 + 3); /* uni, mono, mono path=copy with read_hot only, mono all */
    assert_string_equal(plan.guests[5].variant, "path=copy");
    assert_string_equal(plan.guests[5].cells[0].words, "read_hot ops=1000 warm=0");
    assert_int_equal(plan.refusal_count, 1);
    assert_string_equal(plan.refusals[0].structure->name, "uni");
    assert_string_equal(plan.refusals[0].reason, "no calls");
    plan = plan_of_variants("mono:path=*/*");
    assert_int_equal(plan.guest_count, 1);
    plan = plan_of_variants("*:default/null,mono/read_hot");
    assert_int_equal(plan.guest_count, 2 + 3);
}

/* Several stanzas may run one program, under their own names. */
/* What bench.toml says about repeating goes with the plan to whoever reads the run. */
static void test_plan_repeats_within(void **state)
{
    struct plan_options options = {.lanes = LANE_EXACT};
    struct samples none = {0};
    struct cells cells;
    struct plan plan;
    json_t *json;

    (void)state;
    assert_int_equal(load(STANZAS "repeats_within = 1.5\n[workload.other]\n"), 0);
    assert_int_equal(plan_make(&arena, &config, &options, &plan, &error), 0);
    json = json_pack("{so}", "cells", admit_cells_to_json(&plan));
    assert_int_equal(admit_cells(&arena, json, &none, &cells, &error), 0);
    assert_int_equal(cells.count, 4);
    for (size_t i = 0; i < cells.count; i++)
        assert_float_equal(cells.items[i].repeats_within, strcmp(cells.items[i].workload, "null") ? 0 : 1.5, 0);
    json_object_set_new(json_array_get(json_object_get(json, "cells"), 0), "repeats_within", json_integer(0));
    assert_int_equal(admit_cells(&arena, json, &none, &cells, &error), -1);
    assert_contains(error.text, "cells[0]: expected structure, workload, variant and lane, and above 0");
    json_decref(json);
}

static void test_plan_program(void **state)
{
    struct plan plan = plan_of_variants("mono:default/call_0");
    struct strings files = build_list(&arena, &plan);

    (void)state;
    assert_string_equal(plan.guests[0].cells[0].words, "call name=call_0 ops=1000 warm=0 words=0");
    assert_string_equal(layout_image(&arena, &plan.guests[0]).kernel, "build/images/mono/call.elf");
    assert_string_equal(files.items[2], "build/images/mono/call.json");
}

static void test_plan_time_is_shuffled_alike(void **state)
{
    struct plan a = plan_of(NULL, LANE_TIME), b = plan_of(NULL, LANE_TIME);
    int differs = 0;

    (void)state;
    assert_int_equal(a.guest_count, 30 * (4 + 2)); /* uni has a second row */
    for (size_t i = 0; i < a.guest_count; i++) {
        assert_string_equal(a.guests[i].cells[0].words, b.guests[i].cells[0].words);
        differs |= strcmp(a.guests[i].cells[0].words, a.guests[i % 6].cells[0].words);
    }
    assert_true(differs); /* each repetition has its own order */
}

static void test_plan_mistakes(void **state)
{
    struct plan_options options = {.lanes = LANE_EXACT};
    struct plan plan;
    unsigned lanes;

    (void)state;
    assert_int_equal(plan_only_parse(&arena, "uni", &options.only, &error), -1);
    assert_int_equal(plan_only_parse(&arena, "uni/null,", &options.only, &error), -1);
    assert_int_equal(plan_lanes_parse("both", &lanes, &error), -1);
    options.only = (struct strings){0};
    assert_int_equal(load(MATRIX), 0);
    assert_int_equal(plan_only_parse(&arena, "uni/fil_open", &options.only, &error), 0);
    assert_int_equal(plan_make(&arena, &config, &options, &plan, &error), -1);
    assert_contains(error.text, "did you mean the workload file_open?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_mistakes),
        TEST(test_time_settings),
        TEST(test_absent),
        TEST(test_suggest),
        TEST(test_plan),
        TEST(test_plan_only),
        TEST(test_plan_variants),
        TEST(test_server_mistakes),
        TEST(test_plan_servers),
        TEST(test_plan_program),
        TEST(test_plan_repeats_within),
        TEST(test_plan_time_is_shuffled_alike),
        TEST(test_plan_mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

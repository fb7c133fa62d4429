/* SPDX-License-Identifier: MIT */
/*
 * test_harness_judge.c: what a guest says and what the plugin counts, from bytes to samples: the line parser with
 * garbage, the counts, the audit, the verdicts.
 */
#include "test_harness.h"

#include "harness/audit.h"
#include "harness/judge.h"
#include "harness/map.h"
#include <stdio.h>
#include <unistd.h>

#define WINDOW                                                                                                         \
    "TOLL1 window 10 syscall=10 exception=3 interrupt=1 as_switch=0 thread_switch=2 page_fault=3 bytes_copied=40\n"
#define GOOD                                                                                                           \
    "hello\nTOLL1 cpu nx smep\nTOLL1 main null\n" WINDOW                                                               \
    "TOLL1 value pages pages 7\nTOLL1 o 6869\nTOLL1 done null ok\nTOLL1 exit 0\n"
#define HASH_HI "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
#define COUNTS                                                                                                         \
    "{\"event\":\"main\",\"since_boot\":5000,\"since_boot_arch\":4000}\n"                                              \
    "{\"event\":\"window\",\"index\":0,\"ops\":10,\"instructions\":100,\"instructions_arch\":90,\"domains\":{"         \
    "\"kernel\":{\"instructions\":60,\"instructions_arch\":50,\"parts\":{\"fs\":{\"instructions\":60}}},"              \
    "\"app\":{\"instructions\":40,\"instructions_arch\":40,\"parts\":{\"app\":{\"instructions\":40}}}},"               \
    "\"syscall\":10,\"exception\":3,\"interrupt\":1,\"as_switch\":0,\"thread_switch\":2,\"mmio\":null,"                \
    "\"entry\":{\"irq\":1,\"entry_exception_14\":3}}\n{\"event\":\"exit\"}\n"
#define COUNTS_DOMAINS                                                                                                 \
    "{\"event\":\"main\",\"since_boot\":5000,\"since_boot_arch\":4000}\n"                                              \
    "{\"event\":\"window\",\"index\":0,\"ops\":10,\"instructions\":100,\"instructions_arch\":90,\"domains\":{"         \
    "\"kernel\":{\"instructions\":10,\"parts\":{\"alloc\":{\"instructions\":10},\"fs\":{\"instructions\":0}}},"        \
    "\"fs\":{\"instructions\":50,\"parts\":{\"alloc\":{\"instructions\":20},\"fs\":{\"instructions\":30}}},"           \
    "\"app\":{\"instructions\":10,\"parts\":{\"app\":{\"instructions\":10}}}},"                                        \
    "\"syscall\":10,\"exception\":3,\"interrupt\":1,\"as_switch\":0,\"thread_switch\":2,\"mmio\":null,\"hops\":["      \
    "{\"domain\":\"app\",\"instructions\":5,\"syscall\":1},{\"domain\":\"fs\",\"instructions\":6}]}\n"                 \
    "{\"event\":\"exit\"}\n"

static struct config_structure structure = {.name = "uni", .timeout_s = 9};
static struct config_structure linux_structure = {.name = "linux", .timeout_s = 9};
static struct config_workload workloads[] = {{.name = "null"}, {.name = "next"}};
static struct plan_cell cells[] = {{.workload = &workloads[0]}, {.workload = &workloads[1]}};
static struct plan_guest guest;
static struct config config;
static struct evidence evidence;

static struct records parse(const char *text)
{
    struct records records;

    records_parse(&arena, text, strlen(text), &records);
    return records;
}

/* A run in which all goes well; tests then change what they are about. */
static void prepare(const char *serial, const char *counts)
{
    guest = (struct plan_guest){.structure = &structure,
                                .variant = "default",
                                .lane = LANE_EXACT,
                                .timeout_s = 9,
                                .cells = cells,
                                .cell_count = 1};
    config = (struct config){.edge_interrupts = 2};
    evidence = (struct evidence){.end = {PROCESS_EXITED, 33},
                                 .messages = "",
                                 .disk = DISK_CLEAN,
                                 .disk_text = "",
                                 .map = "/nonexistent",
                                 .has_counts = counts != NULL};
    evidence.records = parse(serial);
    evidence.serial_bytes = strlen(serial);
    if (counts)
        counts_parse(&arena, counts, strlen(counts), &evidence.counts);
}

static struct sample judge(size_t cell)
{
    struct sample sample = {.image_bytes = 1234};

    judge_cell(&arena, &config, &guest, cell, &evidence, &sample);
    return sample;
}

static void fails(const char *reason)
{
    struct sample sample = judge(0);

    assert_string_equal(sample.status, "fail");
    assert_contains(sample.reason, reason);
    assert_int_equal(sample.metrics.count, 0); /* no number of a run that failed */
}

static int64_t metric(const struct sample *sample, const char *name)
{
    const struct metric *found = metrics_find(&sample->metrics, name);

    if (!found)
        fail_msg("there is no metric %s", name);
    return found->value;
}

static void test_good(void **state)
{
    struct sample sample;

    (void)state;
    prepare(GOOD, COUNTS);
    sample = judge(0);
    assert_string_equal(sample.status, "ok");
    assert_string_equal(sample.audit, AUDIT_OK);
    assert_string_equal(sample.output_sha256, HASH_HI);
    assert_string_equal(sample.cpu_features, "nx smep");
    assert_int_equal(sample.ops, 10);
    assert_int_equal(metric(&sample, "instructions_kernel"), 60);
    assert_int_equal(metric(&sample, "instructions_user"), 40);
    assert_int_equal(metric(&sample, "instructions.fs"), 60);
    assert_int_equal(metric(&sample, "entry.irq"), 1);
    assert_int_equal(metric(&sample, "boot_instructions"), 5000);
    assert_int_equal(metric(&sample, "page_fault"), 3);
    assert_int_equal(metric(&sample, "pages"), 7);
    assert_int_equal(metric(&sample, "image_bytes"), 1234);
    assert_null(metrics_find(&sample.metrics, "mmio"));
    assert_null(metrics_find(&sample.metrics, "cycles"));
    assert_int_equal(sample.hops.count, 0);
}

/* A part that several domains have is told for each of them and in sum; a way through the domains is kept. */
static void test_domains(void **state)
{
    struct sample sample;

    (void)state;
    prepare(GOOD, COUNTS_DOMAINS);
    sample = judge(0);
    assert_string_equal(sample.status, "ok");
    assert_int_equal(metric(&sample, "instructions_fs"), 50);
    assert_int_equal(metric(&sample, "instructions_user"), 10);
    assert_int_equal(metric(&sample, "instructions.alloc"), 30);
    assert_int_equal(metric(&sample, "instructions_fs.alloc"), 20);
    assert_int_equal(metric(&sample, "instructions_kernel.alloc"), 10);
    assert_int_equal(metric(&sample, "instructions.fs"), 30);
    assert_null(metrics_find(&sample.metrics, "instructions_fs.fs"));
    assert_int_equal(sample.hops.count, 2);
    assert_string_equal(sample.hops.items[0], "user instructions=5 syscall=1");
    assert_string_equal(sample.hops.items[1], "fs instructions=6");
}

static void test_ends(void **state)
{
    (void)state;
    prepare("TOLL1 main null\n", COUNTS);
    evidence.end = (struct process_end){PROCESS_TIMED_OUT, 0};
    fails("timeout: the guest was not done within 9 s");
    evidence.end = (struct process_end){PROCESS_SIGNALLED, 11};
    fails("signal 11");
    evidence.end = (struct process_end){PROCESS_FLOODED, 0};
    fails("without end");
    evidence.end = (struct process_end){PROCESS_EXITED, 0};
    fails("triple fault");
    evidence.end = (struct process_end){PROCESS_EXITED, 1};
    evidence.messages = "could not open it\nmore";
    fails("QEMU exited with status 1: could not open it");
    evidence.messages =
        "qemu: warning: TCG doesn't support requested feature\nqemu: warning: more\nqemu: Bad icount read\n";
    fails("QEMU exited with status 1: qemu: Bad icount read");
    evidence.messages = "qemu: warning: TCG doesn't support requested feature\n";
    fails("QEMU exited with status 1");
    evidence.end = (struct process_end){PROCESS_EXITED, 33};
    fails("never said that it was done");
    prepare(GOOD, COUNTS);
    evidence.end.value = 35;
    fails("exit code of a failure");
    prepare("", NULL);
    fails("without one record in 0 bytes");
}

static void test_panic(void **state)
{
    char path[] = "build/tests/test-map-XXXXXX";
    const char map[] = "toll-map 1\nsymbol 1000 100 first\nsymbol 1100 80 second_one\n";
    int fd = mkstemp(path);
    struct sample sample;

    (void)state;
    assert_int_equal(write(fd, map, strlen(map)), (ssize_t)strlen(map));
    close(fd);
    prepare(GOOD "last words\nTOLL1 panic it broke \x01\nTOLL1 bt 117f\nTOLL1 bt 1180\n", COUNTS);
    evidence.end.value = 37;
    evidence.map = path;
    fails("panic: it broke ?");
    sample = judge(0);
    assert_string_equal(sample.backtrace.items[0], "second_one+0x7f");
    assert_string_equal(sample.backtrace.items[1], "0x1180");
    assert_string_equal(sample.console.items[sample.console.count - 1], "last words");
    unlink(path);
}

static void test_problems(void **state)
{
    struct sample sample;

    (void)state;
    prepare("TOLL1 main null\n" WINDOW "TOLL1 done null fail the sum is 3\n", COUNTS);
    fails("the sum is 3");
    prepare("TOLL1 main null\nTOLL1 done null skip cannot\n", COUNTS);
    sample = judge(0);
    assert_string_equal(sample.status, "skip");
    assert_string_equal(sample.reason, "cannot");
    evidence.end = (struct process_end){PROCESS_SIGNALLED, 11}; /* and then it did not end well */
    sample = judge(0);
    assert_string_equal(sample.status, "fail");
    prepare("TOLL1 main null\nTOLL1 done null ok\n", COUNTS);
    fails("expected one measured window, the workload reported 0");
    prepare("TOLL1 main null\n" WINDOW "TOLL1 o 6\nTOLL1 done null ok\n", COUNTS);
    fails("1 malformed records, the first: TOLL1 o 6");
    prepare(GOOD, NULL);
    fails("the counting plugin saw nothing");
    prepare(GOOD, "{\"event\":\"main\"}\n{\"event\":\"window\",\"ops\":9}\n");
    fails("reported 10 operations, the plugin saw 9");
    prepare(GOOD, COUNTS);
    evidence.disk = DISK_DAMAGED;
    evidence.disk_text = "a hole";
    fails("e2fsck found the disk damaged after the run: a hole");
    evidence.disk = DISK_UNCHECKED;
    fails("e2fsck could not check the disk after the run: a hole");
}

static void test_cpu(void **state)
{
    (void)state;
    assert_null(parse("TOLL1 main null\n").cpu_features);
    assert_string_equal(parse("TOLL1 cpu nx smep\n").cpu_features, "nx smep");
    assert_string_equal(parse("TOLL1 cpu\n").cpu_features, "none");
    assert_string_equal(parse("TOLL1 cpu \n").cpu_features, "none");
    assert_int_equal(parse("TOLL1 cpu nx\nTOLL1 cpu smep\n").malformed, 1);
    prepare("TOLL1 main null\n" WINDOW "TOLL1 done null ok\n", COUNTS);
    assert_string_equal(judge(0).cpu_features, "");
}

static void test_batch(void **state)
{
    struct sample sample;

    (void)state;
    prepare("TOLL1 main null\nTOLL1 window 10\nTOLL1 disk 1 20 3\nTOLL1 done null ok\nTOLL1 main next\n",
            COUNTS COUNTS);
    guest.structure = &linux_structure;
    guest.cell_count = 2;
    evidence.end = (struct process_end){PROCESS_SIGNALLED, 6};
    sample = judge(0);
    assert_string_equal(sample.status, "ok");
    assert_string_equal(sample.audit, "none");
    assert_contains(sample.audit_reason, "keeps no books");
    assert_int_equal(metric(&sample, "boot_instructions"), 5000);
    assert_int_equal(metric(&sample, "disk_read"), 1);
    assert_int_equal(metric(&sample, "disk_write"), 20);
    assert_int_equal(metric(&sample, "disk_flush"), 3);
    sample = judge(1);
    assert_string_equal(sample.status, "fail");
    assert_contains(sample.reason, "signal 6");
}

/* The second program of a boot has the second main() of the plugin, and no boot figure of its own. */
static void test_batch_counts(void **state)
{
    const char *serial = "TOLL1 main null\nTOLL1 window 10\nTOLL1 done null ok\n"
                         "TOLL1 main next\nTOLL1 window 4\nTOLL1 done next ok\n";
    struct sample sample;

    (void)state;
    prepare(serial,
            COUNTS "{\"event\":\"main\",\"since_boot\":9}\n{\"event\":\"window\",\"ops\":4,\"instructions\":7}\n");
    guest.cell_count = 2;
    sample = judge(1);
    assert_string_equal(sample.status, "ok");
    assert_int_equal(metric(&sample, "instructions"), 7);
    assert_null(metrics_find(&sample.metrics, "boot_instructions"));
}

static void test_time_lane(void **state)
{
    struct sample sample;

    (void)state;
    prepare("TOLL1 main null\n" WINDOW "TOLL1 value tsc_cycles cycles 77\nTOLL1 done null ok\n", NULL);
    guest.lane = LANE_TIME;
    sample = judge(0);
    assert_string_equal(sample.status, "ok");
    assert_string_equal(sample.audit, "none");
    assert_int_equal(metric(&sample, "cycles"), 77);
}

static void test_garbage(void **state)
{
    char noise[20000];
    struct records records;
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 1664525u + 1013904223u;
        noise[i] = (char)(seed >> 24);
    }
    memcpy(noise + 5000, "\nTOLL1 done x ok", 16);
    memcpy(noise + 9000, "\nTOLL1 main null\r\n", 18);
    noise[sizeof(noise) - 1] = 'x'; /* no newline at the end */
    records_parse(&arena, noise, sizeof(noise), &records);
    assert_true(records.console.count <= RECORDS_CONSOLE_LINES);
    assert_non_null(records_find(&records, "null"));
}

static void test_malformed(void **state)
{
    static const char *const lines[] = {
        "TOLL1 ",           "TOLL1 main", "TOLL1 main a b", "TOLL1 window 3",   "TOLL1 o 00",        "TOLL1 done a",
        "TOLL1 done a who", "TOLL1 bt",   "TOLL1 bt xyz",   "TOLL1 enosys x y", "TOLL1 value a b 1", "TOLL1 nonsense 1",
        "TOLL1 disk 1 2 3",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct records records = parse(arena_print(&arena, "%s\n", lines[i]));

        if (records.malformed != 1 || records.record_count != 0)
            fail_msg("\"%s\" was taken for a record", lines[i]);
    }
    assert_int_equal(parse("TOLL1 main a\nTOLL1 window 1 what=3\n").malformed, 1);
    assert_int_equal(parse("TOLL1 main a\nTOLL1 window 99999999999999999999\n").malformed, 1);
    assert_int_equal(parse("TOLL1 main a\nTOLL1 disk 1 2 3\n").malformed, 1);
    assert_int_equal(parse("TOLL1 main a\nTOLL1 window 1\nTOLL1 disk 1 2\n").malformed, 1);
    assert_int_equal(parse("TOLL1 main a\nTOLL1 window 1\nTOLL1 disk 1 2 3 4\n").malformed, 1);
    assert_int_equal(parse("TOLL1 main a\nTOLL1 done a ok\nTOLL1 o 00\n").malformed, 1);
    assert_int_equal(parse(" TOLL1 main a\n").malformed, 0);
}

static struct metrics books(int64_t syscall, int64_t exception, int64_t interrupt, int64_t switches)
{
    struct metrics metrics = {0};

    metrics_set(&arena, &metrics, "syscall", NULL, syscall);
    metrics_set(&arena, &metrics, "exception", NULL, exception);
    metrics_set(&arena, &metrics, "interrupt", NULL, interrupt);
    metrics_set(&arena, &metrics, "as_switch", NULL, switches);
    metrics_set(&arena, &metrics, "thread_switch", NULL, switches);
    return metrics;
}

static void audit(struct metrics plugin, struct metrics kernel, const char *expected)
{
    const char *reason;

    assert_string_equal(audit_compare(&arena, &plugin, &kernel, 2, &reason), expected);
    if (strcmp(expected, AUDIT_FAILED) == 0)
        assert_true(*reason); /* a failure says why */
}

static void test_audit(void **state)
{
    struct metrics partial = {0}, plugin = books(5, 1, 3, 2), same = books(5, 1, 3, 2), edge = books(5, 1, 4, 2);
    const char *reason;

    (void)state;
    assert_string_equal(audit_compare(&arena, &plugin, &same, 2, &reason), AUDIT_OK);
    assert_string_equal(reason, "");
    assert_string_equal(audit_compare(&arena, &plugin, &edge, 2, &reason), AUDIT_OK);
    assert_string_equal(reason, "interrupt differs by 1, as an interrupt at an edge explains");
    audit(books(5, 1, 3, 2), books(5, 1, 3, 2), AUDIT_OK);
    audit(books(5, 1, 3, 2), books(6, 1, 3, 2), AUDIT_FAILED);
    audit(books(5, 1, 3, 2), books(5, 0, 3, 2), AUDIT_FAILED);
    audit(books(5, 1, 3, 2), books(5, 1, 5, 6), AUDIT_OK);     /* two interrupts at the edges, and their switches */
    audit(books(5, 1, 3, 2), books(5, 1, 6, 2), AUDIT_FAILED); /* more interrupts than the edges hold */
    audit(books(5, 1, 3, 2), books(5, 1, 3, 3), AUDIT_FAILED); /* a switch that no interrupt explains */
    audit(books(5, 1, 3, 2), books(5, 1, 4, 5), AUDIT_FAILED);
    audit(books(5, 1, 3, 2), partial, AUDIT_FAILED);
}

/* Messages, upcalls and loads that keep the TLB are compared like switches, where both books have them. */
static void test_audit_kinds(void **state)
{
    static const char *const kinds[] = {"ipc", "upcall", "as_switch_kept"};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct metrics plugin = books(5, 1, 3, 2), kernel = books(5, 1, 3, 2), later = books(5, 1, 4, 2);

        metrics_set(&arena, &kernel, kinds[i], NULL, 9);
        metrics_set(&arena, &later, kinds[i], NULL, 9);
        audit(plugin, kernel, AUDIT_OK);
        metrics_set(&arena, &plugin, kinds[i], NULL, 9);
        audit(plugin, kernel, AUDIT_OK);
        metrics_set(&arena, &plugin, kinds[i], NULL, 7);
        audit(plugin, kernel, AUDIT_FAILED);
        audit(plugin, later, AUDIT_OK); /* an interrupt at the edge, and what followed it */
        metrics_set(&arena, &plugin, kinds[i], NULL, 6);
        audit(plugin, later, AUDIT_FAILED);
    }
}

/* The kernel's page faults against the plugin's count of their entry point. */
static void test_audit_faults(void **state)
{
    struct metrics plugin = books(5, 7, 3, 2), kernel = books(5, 7, 3, 2);

    (void)state;
    metrics_set(&arena, &kernel, "page_fault", NULL, 0);
    audit(plugin, kernel, AUDIT_OK);
    metrics_set(&arena, &kernel, "page_fault", NULL, 1); /* the plugin tells of no entry */
    audit(plugin, kernel, AUDIT_FAILED);
    metrics_set(&arena, &kernel, "page_fault", NULL, 0);
    metrics_set(&arena, &plugin, "entry.entry_exception_14", NULL, 6);
    audit(plugin, kernel, AUDIT_FAILED);
    metrics_set(&arena, &kernel, "page_fault", NULL, 6);
    audit(plugin, kernel, AUDIT_OK);
    metrics_set(&arena, &kernel, "page_fault", NULL, 7);
    audit(plugin, kernel, AUDIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good),  TEST(test_domains),      TEST(test_ends),         TEST(test_panic),   TEST(test_problems),
        TEST(test_batch), TEST(test_batch_counts), TEST(test_time_lane),    TEST(test_garbage), TEST(test_malformed),
        TEST(test_audit), TEST(test_audit_kinds),  TEST(test_audit_faults), TEST(test_cpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

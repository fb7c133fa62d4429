/* SPDX-License-Identifier: MIT */
/*
 * test_harness_doctor.c: facts from made-up trees, what the doctor says of facts, and that what is tuned is put back.
 */
#include "test_harness.h"

#include "harness/doctor.h"
#include "harness/file.h"
#include "harness/tune.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define GOVERNOR "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
#define GOVERNOR_1 "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor"
#define NO_TURBO "/sys/devices/system/cpu/intel_pstate/no_turbo"
#define BOOST "/sys/devices/system/cpu/cpufreq/boost"

static char *root; /* a tree that stands for this machine */

static int tree_setup(void **state)
{
    char folder[] = "build/tests/toll-test-XXXXXX";

    arena_setup(state);
    if (!mkdtemp(folder))
        return -1;
    root = arena_copy(&arena, folder);
    setenv("TOLL_STATE", arena_print(&arena, "%s/state", root), 1);
    return 0;
}

static int tree_teardown(void **state)
{
    file_remove_tree(root);
    unsetenv("TOLL_STATE");
    return arena_teardown(state);
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, tree_setup, tree_teardown)

static void put(const char *path, const char *text)
{
    char *full = arena_print(&arena, "%s%s", root, path), *folder = arena_copy(&arena, full);

    *strrchr(folder, '/') = '\0';
    assert_int_equal(file_make_folders(folder, &error), 0);
    assert_int_equal(file_write_atomic(full, text, strlen(text), &error), 0);
}

static const char *get(const char *path)
{
    return file_read_optional(&arena, arena_print(&arena, "%s%s", root, path), NULL);
}

/* A host with which all is well. */
static struct facts good_facts(void)
{
    return (struct facts){.vmx = true,
                          .tsc_steady = true,
                          .kvm_device = true,
                          .perf_paranoid = 1,
                          .bpf_allowed = true,
                          .bpf_types = true,
                          .hyperfine = true,
                          .governor = "performance",
                          .clocksource = "tsc",
                          .turbo = 0,
                          .smt = 0,
                          .processors = 8,
                          .qemu = "QEMU emulator version 8.2.0",
                          .qemu_major = 8,
                          .qemu_minor = 2,
                          .qemu_plugins = true,
                          .qemu_microvm = true};
}

static const struct finding *finding_of(const struct facts *facts, const char *name)
{
    size_t count;
    const struct finding *findings = doctor_judge(&arena, facts, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(findings[i].name, name) == 0)
            return &findings[i];
    }
    fail_msg("there is no finding %s", name);
    return NULL;
}

/* The finding must have the state, and remedy and text must contain these. */
static void expect(const struct facts *facts, const char *name, enum finding_state state, const char *text,
                   const char *remedy)
{
    const struct finding *finding = finding_of(facts, name);

    assert_int_equal(finding->state, state);
    assert_contains(finding->text, text);
    assert_contains(finding->remedy, remedy);
}

static void test_good_host(void **state)
{
    struct facts facts = good_facts();
    size_t count;
    const struct finding *findings = doctor_judge(&arena, &facts, &count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(doctor_state_name(findings[i].state), "ok");
        assert_string_equal(findings[i].remedy, "");
        assert_true(*findings[i].text != '\0');
    }
}

static void test_kvm_reasons(void **state)
{
    struct facts f = good_facts();

    (void)state;
    f.kvm_error = EACCES;
    expect(&f, "kvm", FINDING_MISSING, "you may not use it", "usermod -aG kvm");
    f.kvm_error = EIO;
    expect(&f, "kvm", FINDING_MISSING, "cannot be opened", "modprobe");
    f.kvm_device = false;
    expect(&f, "kvm", FINDING_MISSING, "module is not loaded", "modprobe kvm_intel");
    f.vmx = false;
    f.svm = true;
    expect(&f, "kvm", FINDING_MISSING, "module is not loaded", "modprobe kvm_amd");
    f.svm = false;
    expect(&f, "kvm", FINDING_MISSING, "neither VT-x nor AMD-V", "firmware");
    f.hypervisor = true;
    expect(&f, "kvm", FINDING_MISSING, "nested virtualisation is off", "nested=1");
    f.kvm_device = true;
    f.kvm_error = 0;
    expect(&f, "kvm", FINDING_NOTE, "a KVM in software", "exact lane");
    f.vmx = true;
    expect(&f, "kvm", FINDING_NOTE, "inside a virtual machine", "bare machine");
}

static void test_qemu_reasons(void **state)
{
    struct facts f = good_facts();
    int major = 0, minor = 0;

    (void)state;
    assert_true(facts_qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2)", &major, &minor));
    assert_int_equal(major * 100 + minor, 702);
    assert_false(facts_qemu_version("fake QEMU 0", &major, &minor));
    assert_false(facts_qemu_version(NULL, &major, &minor));
    expect(&f, "qemu", FINDING_OK, "QEMU emulator version 8.2.0", "");
    f.qemu_interface = 4;
    expect(&f, "qemu", FINDING_OK, "8.2.0; plugin interface 4", "");
    f.qemu_microvm = false;
    expect(&f, "qemu", FINDING_NOTE, "no machine microvm", "q35");
    f.plugin_refused = "Could not load plugin x: this QEMU supports only a minimum version of 9";
    expect(&f, "qemu", FINDING_MISSING, "a minimum version of 9", "toll-count.so");
    f.qemu_plugins = false;
    expect(&f, "qemu", FINDING_MISSING, "without plugins", "--enable-plugins");
    f.qemu_major = 7;
    f.qemu_minor = 1;
    expect(&f, "qemu", FINDING_MISSING, "QEMU 7.1 is too old", "TOLL_QEMU");
    f.qemu_major = 0;
    expect(&f, "qemu", FINDING_NOTE, "is not understood", "TOLL_QEMU");
    f.qemu = NULL;
    expect(&f, "qemu", FINDING_MISSING, "no QEMU", "make deps");
}

static void test_observer_reasons(void **state)
{
    struct facts f = good_facts();

    (void)state;
    f.pmu_error = EACCES;
    f.perf_paranoid = 3;
    expect(&f, "pmu", FINDING_NOTE, "perf_event_paranoid is 3", "sysctl kernel.perf_event_paranoid=1");
    f.pmu_error = ENOENT;
    expect(&f, "pmu", FINDING_NOTE, "no performance counters", "firmware");
    f.hypervisor = true;
    expect(&f, "pmu", FINDING_NOTE, "this virtual machine has no", "pmu=on");
    f.exits_error = EACCES;
    expect(&f, "exits", FINDING_NOTE, "Permission denied", "CAP_PERFMON");
    f.bpf_types = false;
    expect(&f, "bpf", FINDING_NOTE, "BTF", "CONFIG_DEBUG_INFO_BTF_MODULES");
    f.bpf_allowed = false;
    expect(&f, "bpf", FINDING_NOTE, "may not load BPF", "CAP_BPF");
    f.exits_error = ENOENT;
    expect(&f, "exits", FINDING_NOTE, "no tracepoints", "mount -t tracefs");
    expect(&f, "bpf", FINDING_NOTE, "nothing to listen to", "exits");
    f.bpf_missing = "this toll was built without BPF";
    expect(&f, "bpf", FINDING_NOTE, "built without BPF", "libbpf-dev");
    f.hyperfine = false;
    expect(&f, "hyperfine", FINDING_NOTE, "toll boot", "deps.sh time");
}

static void test_noise_reasons(void **state)
{
    struct facts f = good_facts();

    (void)state;
    f.governor = "powersave";
    expect(&f, "governor", FINDING_NOTE, "powersave", "--tune");
    f.governor = NULL;
    expect(&f, "governor", FINDING_OK, "is visible", "");
    f.turbo = 1;
    expect(&f, "turbo", FINDING_NOTE, "turbo is on", "--tune");
    f.smt = 1;
    expect(&f, "smt", FINDING_NOTE, "share a core", "smt/control");
    f.processors = 1;
    expect(&f, "cores", FINDING_NOTE, "one processor only", "second one");
    f.hybrid = true;
    expect(&f, "cores", FINDING_NOTE, "two kinds", "time_cpu");
    f.load = 2.5;
    expect(&f, "quiet", FINDING_NOTE, "2.5 processes", "end what else runs");
    f.steal_share = 0.013;
    expect(&f, "quiet", FINDING_NOTE, "1.3 %", "dedicated");
    f.clocksource = "hpet";
    expect(&f, "clock", FINDING_NOTE, "hpet", "dmesg");
    f.tsc_steady = false;
    expect(&f, "clock", FINDING_NOTE, "does not promise", "core cycles");
    f.left_tuned = "turbo";
    expect(&f, "tuned", FINDING_NOTE, "left this changed: turbo", "--restore");
}

static void test_facts_of_a_tree(void **state)
{
    struct facts f = {0};

    (void)state;
    put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu svm svmx constant_tsc nonstop_tsc\n"
                         "vmx flags\t: vnmi\n");
    put("/proc/stat", "cpu  100 0 100 700 0 0 0 100 0 0\n");
    put("/proc/loadavg", "1.75 1.00 0.50 1/100 7\n");
    put("/proc/sys/kernel/perf_event_paranoid", "2\n");
    put("/sys/module/kvm/refcnt", "0\n");
    put("/sys/module/kvm_amd/refcnt", "0\n");
    put("/sys/kernel/btf/vmlinux", "");
    put("/sys/devices/system/cpu/smt/active", "1\n");
    put(GOVERNOR, "schedutil\n");
    put(NO_TURBO, "1\n");
    facts_read(&arena, root, &f);
    assert_true(f.svm && !f.vmx && !f.hypervisor && f.tsc_steady);
    assert_false(f.bpf_types); /* the module's types are not there */
    assert_int_equal(f.perf_paranoid, 2);
    assert_int_equal(f.smt, 1);
    assert_int_equal(f.turbo, 0);
    assert_string_equal(f.governor, "schedutil");
    assert_true(f.steal_share > 0.0999 && f.steal_share < 0.1001);
    assert_true(f.load > 1.7 && f.load < 1.8);
    put("/sys/kernel/btf/kvm", "");
    facts_read(&arena, root, &f);
    assert_true(f.bpf_types);
}

static void test_facts_of_nothing(void **state)
{
    struct facts f = {0};

    (void)state;
    facts_read(&arena, root, &f);
    assert_false(f.svm || f.vmx || f.hypervisor || f.bpf_types || f.hybrid);
    assert_int_equal(f.perf_paranoid, FACTS_UNKNOWN);
    assert_int_equal(f.turbo, FACTS_UNKNOWN);
    assert_null(f.governor);
    assert_true(f.steal_share == 0);
}

static void tuned_tree(struct tune *tune)
{
    put(GOVERNOR, "powersave\n");
    put(GOVERNOR_1, "schedutil\n");
    put(NO_TURBO, "0\n");
    put(BOOST, "1\n");
    tune_init(&arena, tune, root);
}

static void tuned_expect_old(void)
{
    assert_string_equal(get(GOVERNOR), "powersave");
    assert_string_equal(get(GOVERNOR_1), "schedutil");
    assert_string_equal(get(NO_TURBO), "0");
    assert_string_equal(get(BOOST), "1");
}

static void test_tune_and_back(void **state)
{
    const char *changed;
    struct tune tune;

    (void)state;
    tuned_tree(&tune);
    assert_int_equal(tune_apply(&arena, &tune, &changed, &error), 0);
    assert_string_equal(changed, "governor of 2 processors, turbo");
    assert_string_equal(get(GOVERNOR), "performance");
    assert_string_equal(get(GOVERNOR_1), "performance");
    assert_string_equal(get(NO_TURBO), "1");
    assert_string_equal(get(BOOST), "0");
    assert_int_equal(tune_restore(&arena, &tune, &error), 0);
    tuned_expect_old();
    assert_null(tune_pending(&arena, &tune));
    assert_int_equal(tune_restore(&arena, &tune, &error), 0);
}

static void test_tune_nothing_to_do(void **state)
{
    const char *changed;
    struct tune tune;

    (void)state;
    put(GOVERNOR, "performance\n");
    tune_init(&arena, &tune, root);
    assert_int_equal(tune_apply(&arena, &tune, &changed, &error), 0);
    assert_string_equal(changed, "");
    assert_null(tune_pending(&arena, &tune));
    assert_int_equal(tune_restore(&arena, &tune, &error), 0);
}

/* The first toll dies without a word: its lock goes with it, its record stays. */
static void test_tune_after_a_crash(void **state)
{
    const char *changed;
    struct tune first, second;

    (void)state;
    tuned_tree(&first);
    assert_int_equal(tune_apply(&arena, &first, &changed, &error), 0);
    tune_init(&arena, &second, root);
    assert_null(tune_pending(&arena, &second)); /* it still runs */
    assert_int_equal(tune_apply(&arena, &second, &changed, &error), -1);
    assert_contains(error.text, "another toll");
    assert_int_equal(tune_restore(&arena, &second, &error), -1);
    close(first.lock);
    assert_string_equal(tune_pending(&arena, &second), "governor of 2 processors, turbo");
    assert_int_equal(tune_apply(&arena, &second, &changed, &error), 0); /* undoes the first, then tunes */
    assert_int_equal(tune_restore(&arena, &second, &error), 0);
    tuned_expect_old();
}

static void test_tune_fails_half_way(void **state)
{
    char *path = arena_print(&arena, "%s%s", root, NO_TURBO);
    const char *changed;
    struct tune tune;

    (void)state;
    put(GOVERNOR, "powersave\n");
    assert_int_equal(file_make_folders(path, &error), 0); /* a folder cannot be written, not even by root */
    put(BOOST, "1\n");
    assert_int_equal(rmdir(path), 0);
    put(NO_TURBO, "0\n");
    tune_init(&arena, &tune, root);
    assert_int_equal(tune_apply(&arena, &tune, &changed, &error), 0);
    unlink(path);
    assert_int_equal(file_make_folders(path, &error), 0);
    assert_int_equal(tune_restore(&arena, &tune, &error), -1);
    assert_contains(error.text, "no_turbo");
    assert_string_equal(get(GOVERNOR), "powersave"); /* the others were put back nevertheless */
    assert_string_equal(get(BOOST), "1");
    assert_non_null(tune_pending(&arena, &tune)); /* and the record stays for another try */
}

/* A record is not believed beyond the files that toll changes, nor after a restart of the machine. */
static void test_tune_distrusts_its_record(void **state)
{
    char *boot = file_read_optional(&arena, "/proc/sys/kernel/random/boot_id", NULL);
    struct tune tune;

    (void)state;
    boot[strcspn(boot, "\n")] = '\0';
    put("/etc/passwd", "mine\n");
    put(GOVERNOR, "performance\n");
    put("/state/tuned",
        arena_print(&arena, "%s\n/etc/passwd\tstolen\n/sys/devices/system/cpu/../../../../etc/boost\t1\n", boot));
    tune_init(&arena, &tune, root);
    assert_null(tune_pending(&arena, &tune));
    assert_int_equal(tune_restore(&arena, &tune, &error), 0);
    assert_string_equal(get("/etc/passwd"), "mine\n");
    put("/state/tuned", "an earlier boot\n" GOVERNOR "\tpowersave\n");
    assert_null(tune_pending(&arena, &tune));
    assert_int_equal(tune_restore(&arena, &tune, &error), 0);
    assert_string_equal(get(GOVERNOR), "performance\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_host),
        TEST(test_kvm_reasons),
        TEST(test_qemu_reasons),
        TEST(test_observer_reasons),
        TEST(test_noise_reasons),
        TREE_TEST(test_facts_of_a_tree),
        TREE_TEST(test_facts_of_nothing),
        TREE_TEST(test_tune_and_back),
        TREE_TEST(test_tune_nothing_to_do),
        TREE_TEST(test_tune_after_a_crash),
        TREE_TEST(test_tune_fails_half_way),
        TREE_TEST(test_tune_distrusts_its_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

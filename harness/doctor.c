/* SPDX-License-Identifier: MIT */
/*
 * doctor.c: one function for each finding, and the table of them.  A function fills in what it has to say; one that
 * says nothing leaves "ok" and its own word.
 */
#include "doctor.h"
#include <errno.h>
#include <string.h>

#define STEAL_NOTED 0.002 /* of all time */
#define LOAD_NOTED 0.5    /* processes beside toll that want to run */
#define QEMU_MAJOR_MIN 7
#define QEMU_MINOR_MIN 2

static void found(struct finding *finding, enum finding_state state, const char *text, const char *remedy)
{
    finding->state = state;
    finding->text = text;
    finding->remedy = remedy;
}

/* Why a machine without /dev/kvm has none. */
static void device_missing(const struct facts *f, struct finding *finding)
{
    if (f->vmx || f->svm)
        found(finding, FINDING_MISSING,
              "there is no /dev/kvm, though the processor can virtualise: the module is not loaded",
              f->vmx ? "as root: modprobe kvm_intel" : "as root: modprobe kvm_amd");
    else if (f->hypervisor)
        found(finding, FINDING_MISSING,
              "there is no /dev/kvm: this is a virtual machine, and nested virtualisation is off in it",
              "on the machine below: load kvm_intel or kvm_amd with nested=1 and give this machine the processor's own "
              "model (-cpu host); in a cloud, choose a kind of machine with nested virtualisation, or a bare one");
    else
        found(finding, FINDING_MISSING, "there is no /dev/kvm: the processor shows neither VT-x nor AMD-V",
              "switch virtualisation on in the firmware's setup");
}

static void kvm_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (!f->kvm_device) {
        device_missing(f, finding);
    } else if (f->kvm_error == EACCES || f->kvm_error == EPERM) {
        found(finding, FINDING_MISSING, "/dev/kvm is there, but you may not use it",
              "as root: usermod -aG kvm USER; then log in again");
    } else if (f->kvm_error) {
        found(finding, FINDING_MISSING,
              arena_print(arena, "/dev/kvm is there and cannot be opened: %s", strerror(f->kvm_error)),
              "load the module of this processor anew: modprobe kvm_intel, or modprobe kvm_amd");
    } else if (f->hypervisor && !f->vmx && !f->svm) {
        found(finding, FINDING_NOTE,
              "/dev/kvm opens, yet the processor shows neither VT-x nor AMD-V: a KVM in software, inside a virtual "
              "machine",
              "measure time on a machine whose processor virtualises; the exact lane does not need it");
    } else if (f->hypervisor) {
        found(finding, FINDING_NOTE,
              "/dev/kvm opens inside a virtual machine: each exit is handled twice, so exits cost several times as "
              "much as on the bare machine",
              "measure on the bare machine where exits matter");
    } else {
        found(finding, FINDING_OK, "/dev/kvm opens", "");
    }
}

static void qemu_judge_facts(struct arena *arena, const struct facts *f, struct finding *finding)
{
    bool old = f->qemu_major < QEMU_MAJOR_MIN || (f->qemu_major == QEMU_MAJOR_MIN && f->qemu_minor < QEMU_MINOR_MIN);

    if (!f->qemu)
        found(finding, FINDING_MISSING, "there is no QEMU", "`make deps` installs it, or name one in $TOLL_QEMU");
    else if (!f->qemu_major)
        found(finding, FINDING_NOTE, arena_print(arena, "the version of \"%s\" is not understood", f->qemu),
              "name another QEMU in $TOLL_QEMU if runs fail");
    else if (old)
        found(
            finding, FINDING_MISSING,
            arena_print(arena, "QEMU %d.%d is too old: 7.2 is the first that toll knows", f->qemu_major, f->qemu_minor),
            "install a newer one (Debian 12 has 7.2), or name it in $TOLL_QEMU");
    else if (!f->qemu_plugins)
        found(finding, FINDING_MISSING, "this QEMU was built without plugins: the exact lane cannot count",
              "install the distribution's QEMU, or build one with --enable-plugins");
    else if (f->plugin_refused)
        found(finding, FINDING_MISSING, arena_print(arena, "QEMU does not take toll's plugin: %s", f->plugin_refused),
              "make build/plugin/toll-count.so builds it anew; else name another QEMU in $TOLL_QEMU");
    else if (!f->qemu_microvm)
        found(finding, FINDING_NOTE, "this QEMU has no machine microvm", "write machine = \"q35\" in bench.toml");
    else
        found(finding, FINDING_OK,
              f->qemu_interface ? arena_print(arena, "%s; plugin interface %d", f->qemu, f->qemu_interface) : f->qemu,
              "");
}

static void pmu_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (!f->pmu_error)
        found(finding, FINDING_OK, "core cycles, instructions and misses of guests can be counted", "");
    else if (f->pmu_error == EACCES || f->pmu_error == EPERM)
        found(finding, FINDING_NOTE,
              arena_print(arena, "you may not count core cycles of guests (kernel.perf_event_paranoid is %d)",
                          f->perf_paranoid),
              "as root: sysctl kernel.perf_event_paranoid=1, or give toll CAP_PERFMON; cycles of the TSC do not need "
              "it");
    else
        found(finding, FINDING_NOTE,
              f->hypervisor ? "this virtual machine has no performance counters" : "there are no performance counters",
              f->hypervisor ? "on the machine below: give it a PMU (-cpu host,pmu=on); cycles of the TSC do not need it"
                            : "switch them on in the firmware's setup; cycles of the TSC do not need them");
}

static void exits_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (!f->exits_error)
        found(finding, FINDING_OK, "KVM's tracepoints can be counted", "");
    else if (f->exits_error == ENOENT)
        found(finding, FINDING_NOTE, "the kernel shows no tracepoints of KVM",
              "load KVM and mount tracefs (mount -t tracefs tracefs /sys/kernel/tracing); without them VM exits are "
              "not counted");
    else
        found(finding, FINDING_NOTE,
              arena_print(arena, "KVM's tracepoints cannot be used: %s", strerror(f->exits_error)),
              "run toll as root, or give it CAP_PERFMON and leave to read /sys/kernel/tracing; without them VM exits "
              "are not counted");
}

static void bpf_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    (void)arena;
    if (f->bpf_missing)
        found(finding, FINDING_NOTE, f->bpf_missing,
              "harness/deps/deps.sh time installs libbpf-dev, bpftool and clang; then make build/toll");
    else if (f->exits_error == ENOENT)
        found(finding, FINDING_NOTE, "BPF has nothing to listen to: the kernel shows no tracepoints of KVM",
              "as for exits");
    else if (!f->bpf_allowed)
        found(finding, FINDING_NOTE, "you may not load BPF programs: the time outside the guest is not measured",
              "run toll as root, or give it CAP_BPF and CAP_PERFMON");
    else if (!f->bpf_types)
        found(finding, FINDING_NOTE, "the kernel does not tell the types of its KVM (BTF)",
              "use a kernel with CONFIG_DEBUG_INFO_BTF_MODULES, and load KVM; counts by tracepoints do not need it");
    else
        found(finding, FINDING_OK, "VM exits can be counted and timed by BPF", "");
}

static void governor_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (!f->governor)
        found(finding, FINDING_OK, "no frequency scaling is visible", "");
    else if (strcmp(f->governor, "performance") == 0)
        found(finding, FINDING_OK, "the governor is performance", "");
    else
        found(finding, FINDING_NOTE, arena_print(arena, "the governor is %s: the clock follows the load", f->governor),
              "as root: toll run --tune sets performance for the run and puts the governor back");
}

static void turbo_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    (void)arena;
    if (f->turbo == 1)
        found(finding, FINDING_NOTE, "turbo is on: the clock depends on heat and on the other cores",
              "as root: toll run --tune switches it off for the run and on again");
    else
        found(finding, FINDING_OK, f->turbo == 0 ? "turbo is off" : "no turbo is visible", "");
}

static void smt_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    (void)arena;
    if (f->smt == 1)
        found(
            finding, FINDING_NOTE, "two threads share a core (SMT): what runs on the other one slows the guest",
            "as root: echo off >/sys/devices/system/cpu/smt/control; toll keeps QEMU's own threads off the other one");
    else
        found(finding, FINDING_OK, f->smt == 0 ? "no two threads share a core" : "SMT is not known to be on", "");
}

static void cores_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (f->hybrid)
        found(finding, FINDING_NOTE, "the cores are of two kinds: cycles of one kind are not those of the other",
              "toll pins the guest to a performance core (cpu_core); set time_cpu in bench.toml for another");
    else if (f->processors < 2)
        found(finding, FINDING_NOTE, "toll may use one processor only: QEMU's own threads interrupt the guest",
              "give this machine, or toll (taskset), a second one");
    else
        found(finding, FINDING_OK, arena_print(arena, "%d processors of one kind", f->processors), "");
}

static void clock_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (!f->tsc_steady)
        found(finding, FINDING_NOTE, "the TSC does not promise to tick evenly (constant_tsc, nonstop_tsc)",
              "compare core cycles instead, or use another machine");
    else if (f->clocksource && strcmp(f->clocksource, "tsc") != 0)
        found(finding, FINDING_NOTE,
              arena_print(arena, "the kernel keeps time by %s: it may have found the TSC unsteady", f->clocksource),
              "look for \"tsc\" in the kernel's log (dmesg)");
    else
        found(finding, FINDING_OK, "the TSC ticks evenly", "");
}

static void quiet_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (f->steal_share > STEAL_NOTED)
        found(finding, FINDING_NOTE,
              arena_print(arena, "the hypervisor gave %.1f %% of this machine's time to others (steal)",
                          100 * f->steal_share),
              "use a machine of your own, or one with dedicated processors");
    else if (f->load > LOAD_NOTED)
        found(finding, FINDING_NOTE, arena_print(arena, "%.1f processes want to run beside toll (load)", f->load),
              "end what else runs");
    else
        found(finding, FINDING_OK, "nothing else seems to run", "");
}

static void hyperfine_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    (void)arena;
    if (f->hyperfine)
        found(finding, FINDING_OK, "hyperfine is there", "");
    else
        found(finding, FINDING_NOTE, "there is no hyperfine: toll boot cannot measure boot latency",
              "harness/deps/deps.sh time installs it");
}

static void tuned_judge(struct arena *arena, const struct facts *f, struct finding *finding)
{
    if (f->left_tuned)
        found(finding, FINDING_NOTE, arena_print(arena, "a toll that was ended left this changed: %s", f->left_tuned),
              "toll doctor --restore puts it back; so does the next toll run");
    else
        found(finding, FINDING_OK, "no earlier toll left anything changed", "");
}

static const struct {
    const char *name;
    void (*judge)(struct arena *arena, const struct facts *facts, struct finding *finding);
} checks[] = {
    {"qemu", qemu_judge_facts}, {"kvm", kvm_judge},     {"pmu", pmu_judge},     {"exits", exits_judge},
    {"bpf", bpf_judge},         {"clock", clock_judge}, {"cores", cores_judge}, {"governor", governor_judge},
    {"turbo", turbo_judge},     {"smt", smt_judge},     {"quiet", quiet_judge}, {"hyperfine", hyperfine_judge},
    {"tuned", tuned_judge},
};

const struct finding *doctor_judge(struct arena *arena, const struct facts *facts, size_t *count)
{
    struct finding *findings = arena_alloc(arena, sizeof(checks) / sizeof(checks[0]) * sizeof(*findings));

    *count = sizeof(checks) / sizeof(checks[0]);
    for (size_t i = 0; i < *count; i++) {
        findings[i] = (struct finding){.name = checks[i].name, .text = "", .remedy = ""};
        checks[i].judge(arena, facts, &findings[i]);
    }
    return findings;
}

const char *doctor_state_name(enum finding_state state)
{
    static const char *const names[] = {"ok", "note", "missing"};

    return names[state];
}

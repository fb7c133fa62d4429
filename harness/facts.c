/* SPDX-License-Identifier: MIT */
/*
 * facts.c: reads /proc and /sys, and tries what files do not tell.  Nothing here fails: what cannot be found out is
 * left at "unknown".
 */
#include "facts.h"
#include "exits_bpf.h"
#include "file.h"
#include "layout.h"
#include "perf_group.h"
#include "perf_kvm.h"
#include "process.h"
#include "qemu.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOOL_TIMEOUT_MS 10000
#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

/* The file's text without the newline at its end, or NULL. */
static char *line_of(struct arena *arena, const char *root, const char *path)
{
    char *text = file_read_optional(arena, arena_print(arena, "%s%s", root, path), NULL);

    if (text)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

static int number_of(struct arena *arena, const char *root, const char *path)
{
    const char *text = line_of(arena, root, path);
    char *end;
    long number = text ? strtol(text, &end, 10) : 0;

    return text && end != text ? (int)number : FACTS_UNKNOWN;
}

static bool is_there(struct arena *arena, const char *root, const char *path)
{
    return file_exists(arena_print(arena, "%s%s", root, path));
}

static bool has_flag(const char *flags, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = flags; (at = strstr(at, name)); at += length) {
        if (at > flags && at[-1] == ' ' && (at[length] == ' ' || at[length] == '\n' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void processor_read(struct arena *arena, const char *root, struct facts *facts)
{
    char *text = file_read_optional(arena, arena_print(arena, "%s/proc/cpuinfo", root), NULL);
    char *flags = text ? strstr(text, "\nflags") : NULL;

    if (!flags)
        return;
    flags[1 + strcspn(flags + 1, "\n")] = '\0';
    facts->vmx = has_flag(flags, "vmx");
    facts->svm = has_flag(flags, "svm");
    facts->hypervisor = has_flag(flags, "hypervisor");
    facts->tsc_steady = has_flag(flags, "constant_tsc") && has_flag(flags, "nonstop_tsc");
}

static int turbo_read(struct arena *arena, const char *root)
{
    int off = number_of(arena, root, "/sys/devices/system/cpu/intel_pstate/no_turbo");

    return off != FACTS_UNKNOWN ? !off : number_of(arena, root, "/sys/devices/system/cpu/cpufreq/boost");
}

/* The eighth number of /proc/stat's first line is the time that the hypervisor gave to others (proc(5)). */
static double steal_read(struct arena *arena, const char *root)
{
    const char *at = line_of(arena, root, "/proc/stat");
    double all = 0, steal = 0;
    char *end;

    if (!at || strncmp(at, "cpu ", 4) != 0)
        return 0;
    at += 4;
    for (int field = 1; field <= 8; field++, at = end) {
        double value = strtod(at, &end);

        if (end == at)
            break;
        all += value;
        steal = field == 8 ? value : 0;
    }
    return all > 0 ? steal / all : 0;
}

void facts_read(struct arena *arena, const char *root, struct facts *facts)
{
    const char *load = line_of(arena, root, "/proc/loadavg");

    processor_read(arena, root, facts);
    facts->perf_paranoid = number_of(arena, root, "/proc/sys/kernel/perf_event_paranoid");
    facts->bpf_types = is_there(arena, root, "/sys/kernel/btf/vmlinux") &&
                       (is_there(arena, root, "/sys/kernel/btf/kvm") ||
                        !is_there(arena, root, "/sys/module/kvm/refcnt")); /* no refcnt: built into the kernel */
    facts->governor = line_of(arena, root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    facts->clocksource = line_of(arena, root, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    facts->turbo = turbo_read(arena, root);
    facts->smt = number_of(arena, root, "/sys/devices/system/cpu/smt/active");
    facts->hybrid = is_there(arena, root, "/sys/devices/cpu_atom") && is_there(arena, root, "/sys/devices/cpu_core");
    facts->steal_share = steal_read(arena, root);
    facts->load = load ? strtod(load, NULL) : 0;
}

/* Effective capabilities that let a program load BPF programs which trace. */
static bool may_load_bpf(struct arena *arena)
{
    const char *text = file_read_optional(arena, "/proc/self/status", NULL);
    const char *line = text ? strstr(text, "\nCapEff:") : NULL;
    unsigned long long bits = line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;

    return bits >> CAP_SYS_ADMIN_BIT & 1 || (bits >> CAP_BPF_BIT & 1 && bits >> CAP_PERFMON_BIT & 1);
}

bool facts_qemu_version(const char *line, int *major, int *minor)
{
    return line && sscanf(line, "QEMU emulator version %d.%d", major, minor) == 2;
}

/* Loads the plugin, if it is built, into a QEMU without a machine; it answers and has QEMU leave. */
static void plugin_try(struct arena *arena, int cancel, struct facts *facts)
{
    static const char question[] = "toll-count: plugin interface ", refusal[] = "Could not load plugin";
    const char *argv[] = {qemu_program(),
                          "-M",
                          "none",
                          "-nodefaults",
                          "-display",
                          "none",
                          "-plugin",
                          LAYOUT_PLUGIN ",interface=on",
                          NULL};
    struct process_options options = {.cancel = cancel, .timeout_ms = TOOL_TIMEOUT_MS};
    struct process_end end;
    struct error error;
    char *text, *said;

    if (!file_exists(LAYOUT_PLUGIN))
        return;
    text = process_capture(arena, (char *const *)argv, &options, &end, &error);
    if (!text)
        return;
    if ((said = strstr(text, question))) {
        facts->qemu_interface = atoi(said + strlen(question));
    } else if ((said = strstr(text, refusal))) {
        said[strcspn(said, "\n")] = '\0';
        facts->plugin_refused = said;
    }
}

static void qemu_try(struct arena *arena, int cancel, struct facts *facts)
{
    char *version = process_ask(arena, cancel, (const char *const[]){qemu_program(), "--version", NULL}), *text;

    if (!version)
        return;
    version[strcspn(version, "\n")] = '\0';
    facts->qemu = version;
    facts_qemu_version(version, &facts->qemu_major, &facts->qemu_minor);
    text = process_ask(arena, cancel, (const char *const[]){qemu_program(), "-help", NULL});
    facts->qemu_plugins = text && strstr(text, "\n-plugin ");
    if (facts->qemu_plugins)
        plugin_try(arena, cancel, facts);
    text = process_ask(arena, cancel, (const char *const[]){qemu_program(), "-machine", "help", NULL});
    facts->qemu_microvm = text && strstr(text, "microvm");
}

void facts_try(struct arena *arena, int cancel, struct facts *facts)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    cpu_set_t allowed;

    facts->kvm_device = file_exists("/dev/kvm");
    facts->kvm_error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    facts->processors = sched_getaffinity(0, sizeof(allowed), &allowed) ? 1 : CPU_COUNT(&allowed);
    facts->pmu_error = perf_group_try_pmu();
    facts->exits_error = perf_kvm_try();
    facts->bpf_allowed = may_load_bpf(arena);
    facts->bpf_missing = exits_bpf_missing();
    facts->hyperfine = process_ask(arena, cancel, (const char *const[]){"hyperfine", "--version", NULL}) != NULL;
    qemu_try(arena, cancel, facts);
}

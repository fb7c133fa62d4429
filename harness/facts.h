/* SPDX-License-Identifier: MIT */
/*
 * facts.h: what can be read of this machine that decides whether, and how well, time can be measured on it.  Reading
 * and judging are apart (doctor.h judges), so that every judgement can be tested with made-up facts.
 */
#ifndef TOLL_FACTS_H
#define TOLL_FACTS_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

#define FACTS_UNKNOWN (-1)

struct facts {
    /* the processor, from /proc/cpuinfo */
    bool vmx, svm, hypervisor, tsc_steady; /* hypervisor: this is a virtual machine itself */
    /* KVM */
    bool kvm_device;
    int kvm_error; /* errno of opening /dev/kvm, or 0 */
    /* observing: 0 where it works, else errno */
    int perf_paranoid;           /* kernel.perf_event_paranoid, or FACTS_UNKNOWN */
    int pmu_error;               /* of opening a cycle counter that counts guests only */
    int exits_error;             /* of reading the numbers of KVM's tracepoints */
    bool bpf_allowed, bpf_types; /* bpf_types: the kernel tells the types of its kvm module (BTF) */
    const char *bpf_missing;     /* why this toll was built without BPF, or NULL */
    bool hyperfine;
    /* what makes times vary */
    const char *governor;    /* NULL: frequency scaling is not visible */
    const char *clocksource; /* NULL: unknown */
    int turbo, smt;          /* 1 on, 0 off, FACTS_UNKNOWN */
    bool hybrid;             /* cores of two kinds */
    int processors;          /* that toll may use */
    double steal_share;      /* of all time since boot, 0 to 1 */
    double load;             /* processes that want to run, over the last minute */
    /* QEMU */
    const char *qemu; /* its version line, or NULL */
    int qemu_major, qemu_minor;
    bool qemu_plugins, qemu_microvm;
    int qemu_interface;         /* the version of its plugin interface, or 0: nobody asked, or it did not say */
    const char *plugin_refused; /* what QEMU says against toll's plugin, or NULL */
    /* what an earlier toll changed and did not put back, in words, or NULL */
    const char *left_tuned;
};

/* Everything that stands in files below root ("" for this machine: /proc and /sys). */
void facts_read(struct arena *arena, const char *root, struct facts *facts);

/* What must be tried: devices, system calls, programs.  cancel as in process.h. */
void facts_try(struct arena *arena, int cancel, struct facts *facts);

/* Splits QEMU's version line; false if it is not one. */
bool facts_qemu_version(const char *line, int *major, int *minor);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * qemu.h: QEMU's command lines, and what its end means.
 */
#ifndef TOLL_QEMU_H
#define TOLL_QEMU_H

#include "plan.h"
#include "process.h"

#define QEMU_AT_ONCE "round=off" /* a word for Linux's init: time is real, so do not wait for a round one */

/* Files of one guest run; plain paths. */
struct qemu_files {
    const char *disk, *serial, *counts;
    int link;           /* a descriptor of the guest's network (peer.h); 0: it has none */
    const char *peer;   /* the plugin's options of it */
    int monitor;        /* a descriptor for QMP (qmp.h): the guest then waits for `cont`; 0: none */
    const char *netdev; /* instead of link: -netdev's value (backend.h), or NULL */
    const char *words;  /* for the kernel's command line, instead of those of the peer's network, or NULL */
    bool emulated;      /* the time lane's guest under TCG, with bench.toml's processor */
};

/* The program: $TOLL_QEMU, or qemu-system-x86_64. */
const char *qemu_program(void);

/* A value for one of QEMU's lists of options, in which a comma is written twice. */
char *qemu_escape(struct arena *arena, const char *text);

/* The argument vector for a guest.  kvm_cpu is -cpu's value in the time lane. */
int qemu_command(struct arena *arena, const struct config *config, const struct plan_guest *guest,
                 const struct qemu_files *files, const char *kvm_cpu, struct strings *argv, struct error *error);

/* Those options that must be equal wherever numbers are compared, as one text. */
char *qemu_options(struct arena *arena, const struct config *config, enum lane lane, const char *kvm_cpu);

/* The probe guest's argument vector. */
void qemu_probe_command(struct arena *arena, const char *image, const char *serial, const char *cpu,
                        struct strings *argv);

/* What QEMU's end says about the guest. */
enum qemu_verdict { QEMU_OK, QEMU_WORKLOAD_FAILED, QEMU_PANIC, QEMU_ABNORMAL };

/* *reason is "" for QEMU_OK; messages is what QEMU wrote to standard error. */
enum qemu_verdict qemu_judge(struct arena *arena, const struct process_end *end, const char *messages,
                             uint32_t timeout_s, const char **reason);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * perf_kvm.h: KVM's tracepoints as counters of the guest's thread: exits by reason, and the mark that the guest sets
 * at both ends of a window, with which any group of counters can be cut there.
 *
 * Needs to read tracefs and to open such counters, which usually takes root or CAP_PERFMON.
 */
#ifndef TOLL_PERF_KVM_H
#define TOLL_PERF_KVM_H

#include "exits.h"
#include "perf_group.h"

/* 0, or the errno for which KVM's tracepoints cannot be counted. */
int perf_kvm_try(void);

/* A counter of the guest's marks, for the first place of a sampled group; -errno without tracefs. */
int perf_kvm_mark(struct arena *arena, struct perf_spec *spec);

/* Opens the counters of exits of the vCPU's thread; 0 or a negative errno. */
int perf_kvm_open(struct arena *arena, struct perf_group *group, pid_t tid);

/* The windows that the group's ring tells of, in order. */
void perf_kvm_windows(struct arena *arena, const struct perf_group *group, struct exit_windows *windows);

/* The same from snapshots: two for each window. */
void perf_kvm_cut(struct arena *arena, const struct perf_group *group, const struct perf_snapshot *snapshots,
                  size_t count, struct exit_windows *windows);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * perf_group.h: counters of one thread that are scheduled together (perf_event_open(2)).
 *
 * A group may be sampled: each time its first counter counts, the kernel writes all counters of the group into a ring,
 * in the thread that caused it and before that thread goes on.  With a tracepoint that fires at both ends of a measured
 * window as the first counter, the ring holds exact snapshots from there, and nobody has to stop the thread.
 */
#ifndef TOLL_PERF_GROUP_H
#define TOLL_PERF_GROUP_H

#include "arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PERF_GROUP_MAX 40

struct perf_spec {
    const char *name;
    uint32_t type;      /* PERF_TYPE_* */
    uint64_t config;    /* PERF_COUNT_*, or a tracepoint's number */
    const char *filter; /* of a tracepoint, or NULL */
    bool guest_only;    /* exclude_host: count nothing but the guest */
};

struct perf_snapshot {
    uint64_t enabled_ns, running_ns; /* running < enabled: others had the counters for a while */
    uint64_t values[PERF_GROUP_MAX]; /* in the order of perf_group's names */
    size_t count;
};

struct perf_group {
    const char *names[PERF_GROUP_MAX];
    int fds[PERF_GROUP_MAX];
    size_t count;
    struct strings refused; /* names of those that this machine does not have */
    void *ring;
    size_t ring_bytes; /* of the data, without the first page */
};

/* Opens the counters of thread tid (0: this one), stopped as the thread is: they count whenever it runs.  The first of
   specs must be there; others that cannot be had are left out and named in refused.  0, or a negative errno of the
   first: -ENOENT, -EOPNOTSUPP (no such counter), -EACCES, -EPERM (not allowed), -ESRCH (no such thread). */
int perf_group_open(struct arena *arena, struct perf_group *group, pid_t tid, const struct perf_spec *specs,
                    size_t count, bool sampled);

/* What the counters say now; also of a thread that has ended.  0 or a negative errno. */
int perf_group_read(const struct perf_group *group, struct perf_snapshot *snapshot);

/* The snapshots in the ring of a group that is sampled, oldest first, at most room of them; *lost gets how many the
   kernel had no room for. */
size_t perf_group_samples(struct arena *arena, const struct perf_group *group, struct perf_snapshot *snapshots,
                          size_t room, uint64_t *lost);

void perf_group_close(struct perf_group *group);

/* The records of a ring as perf_event_open(2) defines them, for samples of READ with GROUP, TOTAL_TIME_ENABLED and
   TOTAL_TIME_RUNNING.  What does not fit together ends the parsing. */
size_t perf_samples_parse(const unsigned char *bytes, size_t n, struct perf_snapshot *snapshots, size_t room,
                          uint64_t *lost);

/* after - before, scaled to the whole time if the counters were running for a part of it only. */
struct perf_snapshot perf_snapshot_between(const struct perf_snapshot *before, const struct perf_snapshot *after);

/* Which share of the time between two snapshots the counters ran: 1, or less where others had them (multiplexing). */
double perf_snapshot_share(const struct perf_snapshot *between);

/* What a reader must know of so many windows, of which the worst is the one with the least share; NULL: all is well. */
const char *perf_snapshot_explain(struct arena *arena, const struct perf_snapshot *worst, size_t windows);

/* 0, or the errno with which a counter of a guest's cycles is refused. */
int perf_group_try_pmu(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * perf_kvm.c: one counter for all exits and one for each reason that has a name, which the kernel tells apart by a
 * filter; the rest is "other".
 */
#include "perf_kvm.h"
#include "file.h"
#include "wire.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#define SNAPSHOTS_MAX 256
#define FIXED 2 /* the mark and the sum of all exits stand before the reasons */

/* A tracepoint's number; -errno if tracefs does not tell. */
static int tracepoint_number(struct arena *arena, const char *name)
{
    static const char *const roots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        const char *text;

        errno = 0;
        text = file_read_optional(arena, arena_print(arena, "%s/events/kvm/%s/id", roots[i], name), NULL);
        if (text)
            return atoi(text);
        if (errno == EACCES || errno == EPERM)
            return -errno;
    }
    return -ENOENT;
}

int perf_kvm_mark(struct arena *arena, struct perf_spec *spec)
{
    int number = tracepoint_number(arena, "kvm_cpuid");

    if (number < 0)
        return number;
    *spec = (struct perf_spec){.name = "mark", .type = PERF_TYPE_TRACEPOINT, .config = (uint64_t)number};
    spec->filter = arena_print(arena, "function==%u || function==%u", WIRE_LEAF_BEGIN, WIRE_LEAF_END);
    return 0;
}

static int specs_fill(struct arena *arena, struct perf_spec *specs, size_t *count)
{
    int number = tracepoint_number(arena, "kvm_exit"), failed = perf_kvm_mark(arena, &specs[0]);
    struct perf_spec exits = {.name = "all", .type = PERF_TYPE_TRACEPOINT, .config = (uint64_t)number};
    enum exit_isa isa = exits_isa();

    if (failed || number < 0)
        return failed ? failed : number;
    specs[1] = exits;
    *count = FIXED;
    for (size_t i = 0; i < exit_name_count && *count < PERF_GROUP_MAX; i++) {
        if (exit_names[i].isa != isa)
            continue;
        specs[*count] = exits;
        specs[*count].name = exit_names[i].name;
        specs[(*count)++].filter = arena_print(arena, "exit_reason==%u", exit_names[i].code);
    }
    return 0;
}

int perf_kvm_open(struct arena *arena, struct perf_group *group, pid_t tid)
{
    struct perf_spec specs[PERF_GROUP_MAX];
    size_t count = 0;
    int failed = specs_fill(arena, specs, &count);

    return failed ? failed : perf_group_open(arena, group, tid, specs, count, true);
}

int perf_kvm_try(void)
{
    struct arena arena = {0};
    struct perf_group group = {0};
    int failed = perf_kvm_open(&arena, &group, 0);

    if (!failed)
        perf_group_close(&group);
    arena_free(&arena);
    return -failed;
}

/* The end's own mark is an exit by CPUID before the snapshot is taken; the beginning's is not in the window. */
static void window_cut(struct arena *arena, const struct perf_group *group, const struct perf_snapshot *between,
                       struct exit_window *window)
{
    uint64_t named = 0;

    for (size_t i = FIXED; i < between->count; i++) {
        uint64_t count = between->values[i];

        named += count;
        if (strcmp(group->names[i], "cpuid") == 0 && count > 0)
            count--;
        exits_add(arena, window, group->names[i], count, 0);
    }
    if (between->values[1] > named)
        exits_add(arena, window, "other", between->values[1] - named, 0);
}

void perf_kvm_cut(struct arena *arena, const struct perf_group *group, const struct perf_snapshot *snapshots,
                  size_t count, struct exit_windows *windows)
{
    *windows = (struct exit_windows){0};
    if (count % 2)
        windows->problem = "a window was begun and not ended";
    for (size_t i = 0; i + 1 < count; i += 2) {
        struct perf_snapshot between = perf_snapshot_between(&snapshots[i], &snapshots[i + 1]);

        window_cut(arena, group, &between, exits_next(arena, windows));
    }
}

void perf_kvm_windows(struct arena *arena, const struct perf_group *group, struct exit_windows *windows)
{
    struct perf_snapshot *snapshots = arena_alloc(arena, SNAPSHOTS_MAX * sizeof(*snapshots));
    uint64_t lost;
    size_t count = perf_group_samples(arena, group, snapshots, SNAPSHOTS_MAX, &lost);

    perf_kvm_cut(arena, group, snapshots, count, windows);
    if (lost)
        windows->problem = "the kernel had no room for all marks";
}

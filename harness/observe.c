/* SPDX-License-Identifier: MIT */
/*
 * observe.c: the counters of one guest.  Metrics of the core's counters begin with "pmu.", those of exits are vm_exit,
 * vm_exit.REASON, and vm_exit_ns likewise; counters of a whole guest begin with "pmu_run.".
 */
#include "observe.h"
#include "exits_bpf.h"
#include "perf_group.h"
#include "perf_kvm.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#define SNAPSHOTS_MAX 256

struct observe {
    struct perf_group core, exits;
    struct exits_bpf *bpf;
    bool has_core, core_sampled, has_exits;
    const char *core_missing, *exits_missing, *bpf_missing; /* NULL: counted, or not asked for */
    const char *core_note;                                  /* what to know of the core's counters, or NULL */
};

#define MISS(cache)                                                                                                    \
    ((cache) | (uint64_t)PERF_COUNT_HW_CACHE_OP_READ << 8 | (uint64_t)PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct perf_spec core_specs[] = {
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, NULL, true},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, NULL, true},
    {"dtlb_miss", PERF_TYPE_HW_CACHE, MISS(PERF_COUNT_HW_CACHE_DTLB), NULL, true},
    {"itlb_miss", PERF_TYPE_HW_CACHE, MISS(PERF_COUNT_HW_CACHE_ITLB), NULL, true},
    {"cache_miss", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, NULL, true},
};
#define CORE_SPECS (sizeof(core_specs) / sizeof(core_specs[0]))

int observe_exits_parse(const char *text, enum observe_exits *exits, struct error *error)
{
    static const char *const names[] = {"auto", "bpf", "tracepoints", "both", "none"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *exits = (enum observe_exits)i;
            return 0;
        }
    }
    return error_set(error, TOLL_USAGE, "--exits %s: expected auto, bpf, tracepoints, both or none", text);
}

static const char *core_explain(struct arena *arena, int number)
{
    if (number == EACCES || number == EPERM)
        return "not allowed (kernel.perf_event_paranoid)";
    if (number == ENOENT || number == EOPNOTSUPP || number == ENODEV)
        return "this machine has none";
    return arena_print(arena, "%s", strerror(number));
}

/* With the guest's marks as the first counter if they can be had, so that windows can be cut. */
static void core_start(struct arena *arena, struct observe *observe, pid_t tid)
{
    struct perf_spec specs[CORE_SPECS + 1];
    int failed = perf_group_try_pmu();

    if (failed) {
        observe->core_missing = core_explain(arena, failed);
        return;
    }
    memcpy(specs + 1, core_specs, sizeof(core_specs));
    observe->core_sampled = perf_kvm_mark(arena, &specs[0]) == 0 &&
                            perf_group_open(arena, &observe->core, tid, specs, CORE_SPECS + 1, true) == 0;
    failed = observe->core_sampled ? 0 : -perf_group_open(arena, &observe->core, tid, core_specs, CORE_SPECS, false);
    observe->has_core = !failed;
    if (failed)
        observe->core_missing = core_explain(arena, failed);
}

static void exits_start(struct arena *arena, struct observe *observe, pid_t tid, enum observe_exits way)
{
    struct error error;
    int failed;

    if (way == OBSERVE_EXITS_AUTO || way == OBSERVE_EXITS_BPF || way == OBSERVE_EXITS_BOTH) {
        observe->bpf = exits_bpf_open(tid, &error);
        if (!observe->bpf)
            observe->bpf_missing = arena_copy(arena, error.text);
    }
    if (way == OBSERVE_EXITS_TRACEPOINTS || way == OBSERVE_EXITS_BOTH || (way == OBSERVE_EXITS_AUTO && !observe->bpf)) {
        failed = perf_kvm_open(arena, &observe->exits, tid);
        observe->has_exits = !failed;
        if (failed)
            observe->exits_missing = arena_print(arena, "KVM's tracepoints cannot be counted: %s", strerror(-failed));
    }
}

struct observe *observe_start(struct arena *arena, pid_t tid, enum observe_exits way)
{
    struct observe *observe = arena_alloc(arena, sizeof(*observe));

    core_start(arena, observe, tid);
    exits_start(arena, observe, tid, way);
    return observe;
}

static struct metrics *window_at(struct arena *arena, struct observed *observed, size_t index)
{
    while (observed->count <= index) {
        observed->windows =
            arena_grow(arena, observed->windows, observed->count, &observed->room, sizeof(*observed->windows));
        observed->windows[observed->count++] = (struct metrics){0};
    }
    return &observed->windows[index];
}

static void core_store(struct arena *arena, const struct perf_group *group, const struct perf_snapshot *counts,
                       size_t first, const char *prefix, struct metrics *metrics)
{
    for (size_t i = first; i < counts->count && counts->running_ns > 0; i++)
        metrics_set(arena, metrics, arena_print(arena, "%s%s", prefix, group->names[i]), NULL,
                    (int64_t)counts->values[i]);
    metrics_set(arena, metrics, arena_print(arena, "%senabled_ns", prefix), NULL, (int64_t)counts->enabled_ns);
    metrics_set(arena, metrics, arena_print(arena, "%srunning_ns", prefix), NULL, (int64_t)counts->running_ns);
}

/* A counter of the whole guest: from nothing until now. */
static void core_finish_run(struct arena *arena, struct observe *observe, struct observed *observed)
{
    struct perf_snapshot all, none = {0};

    if (perf_group_read(&observe->core, &all))
        return;
    none.count = all.count;
    all = perf_snapshot_between(&none, &all);
    core_store(arena, &observe->core, &all, 0, "pmu_run.", &observed->run);
    observe->core_note = perf_snapshot_explain(arena, &all, 1);
}

static void core_finish(struct arena *arena, struct observe *observe, struct observed *observed)
{
    struct perf_snapshot *marks = arena_alloc(arena, SNAPSHOTS_MAX * sizeof(*marks)), window, worst = {0};
    uint64_t lost = 0;
    size_t count;

    if (!observe->has_core)
        return;
    if (!observe->core_sampled) {
        core_finish_run(arena, observe, observed);
        return;
    }
    count = perf_group_samples(arena, &observe->core, marks, SNAPSHOTS_MAX, &lost);
    if (count % 2 || lost)
        count = 0; /* nobody can say which mark is missing */
    for (size_t i = 0; i + 1 < count; i += 2) {
        window = perf_snapshot_between(&marks[i], &marks[i + 1]);
        core_store(arena, &observe->core, &window, 1, "pmu.", window_at(arena, observed, i / 2));
        if (i == 0 || perf_snapshot_share(&window) < perf_snapshot_share(&worst))
            worst = window;
    }
    observe->core_note = perf_snapshot_explain(arena, &worst, count / 2);
}

static void exits_store(struct arena *arena, const struct exit_windows *windows, struct observed *observed)
{
    for (size_t w = 0; w < windows->count; w++) {
        const struct exit_window *window = &windows->items[w];
        struct metrics *metrics = window_at(arena, observed, w);

        metrics_set(arena, metrics, "vm_exit", NULL, (int64_t)window->total);
        if (windows->timed)
            metrics_set(arena, metrics, "vm_exit_ns", NULL, (int64_t)window->ns);
        for (size_t i = 0; i < window->count; i++) {
            const struct exit_count *item = &window->items[i];

            metrics_set(arena, metrics, arena_print(arena, "vm_exit.%s", item->reason), NULL, (int64_t)item->count);
            if (windows->timed)
                metrics_set(arena, metrics, arena_print(arena, "vm_exit_ns.%s", item->reason), NULL, (int64_t)item->ns);
        }
    }
}

static void exits_finish(struct arena *arena, const struct observe *observe, struct observed *observed)
{
    struct exit_windows by_bpf = {0}, by_tracepoints = {0};

    if (observe->has_exits)
        perf_kvm_windows(arena, &observe->exits, &by_tracepoints);
    if (observe->bpf)
        exits_bpf_windows(arena, observe->bpf, &by_bpf);
    exits_store(arena, observe->bpf ? &by_bpf : &by_tracepoints, observed);
    if (observe->bpf && observe->has_exits && !by_bpf.problem && !by_tracepoints.problem) {
        const char *difference = exits_compare(arena, &by_bpf, &by_tracepoints);

        if (difference)
            observed->problem = arena_print(arena, "exits by BPF and by tracepoints differ: %s", difference);
    }
}

static const char *explain(struct arena *arena, const struct observe *observe, const char *pinned)
{
    struct strings words = {0};
    const char *core = observe->core_sampled ? "of each window" : "of the whole guest, for marks cannot be seen";

    strings_add(arena, &words, pinned);
    strings_print(arena, &words, "core counters: %s%s%s", observe->has_core ? core : observe->core_missing,
                  observe->core_note ? ", " : "", observe->core_note ? observe->core_note : "");
    if (observe->core.refused.count)
        strings_print(arena, &words, "without %s", strings_join(arena, &observe->core.refused, ", "));
    if (observe->bpf)
        strings_add(arena, &words, observe->has_exits ? "exits: by BPF and by tracepoints" : "exits: by BPF");
    else if (observe->has_exits)
        strings_add(arena, &words, "exits: by tracepoints, without times");
    else
        strings_print(arena, &words, "exits: none%s%s", observe->exits_missing ? ": " : "",
                      observe->exits_missing ? observe->exits_missing : "");
    if (observe->bpf_missing)
        strings_add(arena, &words, observe->bpf_missing);
    return strings_join(arena, &words, "; ");
}

void observe_finish(struct arena *arena, struct observe *observe, const char *pinned, struct observed *observed)
{
    *observed = (struct observed){0};
    core_finish(arena, observe, observed);
    exits_finish(arena, observe, observed);
    observed->how = explain(arena, observe, pinned);
    if (observe->has_core)
        perf_group_close(&observe->core);
    if (observe->has_exits)
        perf_group_close(&observe->exits);
    exits_bpf_close(observe->bpf);
}

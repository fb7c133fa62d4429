/* SPDX-License-Identifier: MIT */
/*
 * judge.c: whether a cell's run went well, and its numbers.
 *
 * The checks are a list; the first that finds something wrong decides the reason.  In a boot with several workloads
 * an abnormal end is held against those that were not done and against the last that ran, not against the others.
 */
#include "judge.h"
#include "audit.h"
#include "map.h"
#include "qemu.h"
#include "wire.h"
#include <inttypes.h>
#include <string.h>

struct trial {
    struct arena *arena;
    const struct config *config;
    const struct plan_guest *guest;
    size_t cell;
    const struct evidence *evidence;
    const struct records_run *run; /* NULL: nothing was heard of it */
    const struct counts_run *counts;
    const char *end_reason;
    enum qemu_verdict verdict;
};

/* The counts that belong to a run: the n-th main() that was reached has the n-th entry. */
static const struct counts_run *counts_of(const struct evidence *evidence, const struct records_run *run)
{
    size_t index = 0;

    if (!evidence->has_counts || !run || !run->started)
        return NULL;
    for (const struct records_run *r = evidence->records.runs; r != run; r++)
        index += r->started;
    return index < evidence->counts.run_count ? &evidence->counts.runs[index] : NULL;
}

static const char *check_end(const struct trial *trial)
{
    const struct records *records = &trial->evidence->records;
    bool last = !trial->run || trial->run == &records->runs[records->run_count - 1];
    bool done = trial->run && trial->run->status;

    if (done && !last)
        return NULL;
    if (records->panic)
        return arena_print(trial->arena, "panic: %s", records->panic);
    if (trial->verdict == QEMU_PANIC || trial->verdict == QEMU_ABNORMAL)
        return trial->end_reason;
    return NULL;
}

static const char *check_done(const struct trial *trial)
{
    if (trial->run && trial->run->status)
        return NULL;
    if (trial->run)
        return "the workload reached its main() and never said that it was done";
    if (trial->evidence->records.record_count == 0)
        return arena_print(trial->arena, "the guest left without one record in %zu bytes of serial output",
                           trial->evidence->serial_bytes);
    return "nothing was heard of the workload";
}

static const char *check_status(const struct trial *trial)
{
    if (strcmp(trial->run->status, "ok") == 0)
        return NULL;
    return *trial->run->reason ? trial->run->reason : "the workload gave no reason";
}

static const char *check_exit(const struct trial *trial)
{
    return trial->verdict == QEMU_WORKLOAD_FAILED && trial->guest->cell_count == 1 ? trial->end_reason : NULL;
}

static const char *check_serial(const struct trial *trial)
{
    const struct records *records = &trial->evidence->records;

    if (records->malformed == 0)
        return NULL;
    return arena_print(trial->arena, "the serial output is damaged: %u malformed records, the first: %s",
                       records->malformed, records->malformed_first);
}

static const char *check_window(const struct trial *trial)
{
    if (trial->run->windows == 1)
        return NULL;
    return arena_print(trial->arena, "expected one measured window, the workload reported %u", trial->run->windows);
}

static const char *check_counts(const struct trial *trial)
{
    const struct counts *counts = &trial->evidence->counts;

    if (trial->guest->lane != LANE_EXACT)
        return NULL;
    if (!trial->counts)
        return counts->problem ? counts->problem : "the counting plugin saw nothing of the workload";
    if (trial->counts->windows != (trial->guest->has_servers ? WIRE_STEP_WINDOWS : 1))
        return arena_print(trial->arena, "the counting plugin saw %u windows", trial->counts->windows);
    if (trial->counts->ops != trial->run->ops && !trial->guest->has_servers)
        return arena_print(trial->arena, "the workload reported %" PRId64 " operations, the plugin saw %" PRId64,
                           trial->run->ops, trial->counts->ops);
    return NULL;
}

static const char *check_disk(const struct trial *trial)
{
    if (strcmp(trial->evidence->disk, DISK_CLEAN) == 0)
        return NULL;
    if (strcmp(trial->evidence->disk, DISK_DAMAGED) != 0)
        return arena_print(trial->arena, "e2fsck could not check the disk after the run: %s",
                           trial->evidence->disk_text);
    return arena_print(trial->arena, "e2fsck found the disk damaged after the run: %s", trial->evidence->disk_text);
}

static const char *check_observers(const struct trial *trial)
{
    return trial->evidence->observed.problem;
}

static const char *check_peer(const struct trial *trial)
{
    const struct peer_books *peer = trial->evidence->peers ? &trial->evidence->peers[trial->cell] : NULL;
    const struct config_workload *workload = trial->guest->cells[trial->cell].workload;
    uint64_t total = workload->warm + workload->ops;

    if (!peer)
        return NULL;
    if (peer->problem)
        return arena_print(trial->arena, "the clients: %s", peer->problem);
    if (peer->requests != total && trial->run && trial->run->status && strcmp(trial->run->status, "ok") == 0)
        return arena_print(trial->arena, "the clients had %" PRIu64 " of %" PRIu64 " requests answered", peer->requests,
                           total);
    return NULL;
}

static const char *first_problem(const struct trial *trial)
{
    static const char *(*const checks[])(const struct trial *) = {
        check_observers, check_peer,   check_end,    check_done,   check_status,
        check_exit,      check_serial, check_window, check_counts, check_disk,
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const char *problem = checks[i](trial);

        if (problem)
            return problem;
    }
    return NULL;
}

static void metrics_copy(struct arena *arena, const struct metrics *from, struct metrics *to)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!metrics_find(to, from->items[i].name))
            metrics_set(arena, to, from->items[i].name, from->items[i].unit, from->items[i].value);
    }
}

/* The cycles that one of the runtime's records tells, less what reading the TSC takes; -1 without one. */
static int64_t cycles_told(const struct trial *trial, const char *name)
{
    const struct metric *value = metrics_find(&trial->run->values, name);
    const struct metric *overhead = metrics_find(&trial->run->values, "tsc_overhead");
    int64_t own = overhead ? overhead->value : 0;

    if (!value)
        return -1;
    return value->value > own ? value->value - own : 0;
}

static void cycle_set(struct arena *arena, struct metrics *metrics, const char *name, int64_t value)
{
    if (value >= 0)
        metrics_set(arena, metrics, name, NULL, value);
}

/* What only the time lane measures: cycles of the TSC, and what was observed from the host. */
static void time_collect(const struct trial *trial, struct sample *sample)
{
    const struct observed *observed = &trial->evidence->observed;
    const struct metric *overhead = metrics_find(&trial->run->values, "tsc_overhead");
    size_t window = 0, windows = 0;

    cycle_set(trial->arena, &sample->metrics, "cycles", cycles_told(trial, "tsc_cycles"));
    cycle_set(trial->arena, &sample->metrics, "cycles_cold", cycles_told(trial, "tsc_first_op"));
    cycle_set(trial->arena, &sample->metrics, "cycles_timer", overhead ? overhead->value : -1);
    for (size_t i = 0; i < trial->evidence->records.run_count; i++) {
        if (&trial->evidence->records.runs[i] < trial->run)
            window += trial->evidence->records.runs[i].windows;
        windows += trial->evidence->records.runs[i].windows;
    }
    if (observed->count == windows && window < observed->count)
        metrics_copy(trial->arena, &observed->windows[window], &sample->metrics);
    if (trial->guest->cell_count == 1)
        metrics_copy(trial->arena, &observed->run, &sample->metrics);
}

/* The plugin's counts come first, then what only the kernel's books know, then what the workload reported.  Cycles are
   virtual time in the exact lane, and so no measurement. */
static void metrics_collect(const struct trial *trial, struct sample *sample)
{
    struct arena *arena = trial->arena;
    const struct counts_run *counts = trial->counts;

    if (counts)
        metrics_copy(arena, &counts->metrics, &sample->metrics);
    if (counts && counts->has_boot && trial->run == trial->evidence->records.runs) {
        metrics_set(arena, &sample->metrics, "boot_instructions", NULL, counts->boot);
        metrics_set(arena, &sample->metrics, "boot_instructions_arch", NULL, counts->boot_arch);
    }
    metrics_copy(arena, &trial->run->books, &sample->metrics);
    for (size_t i = 0; i < trial->run->values.count; i++) {
        const struct metric *value = &trial->run->values.items[i];

        if (strncmp(value->name, "tsc_", 4) != 0)
            metrics_set(arena, &sample->metrics, value->name, value->unit, value->value);
    }
    if (trial->guest->lane == LANE_TIME)
        time_collect(trial, sample);
    metrics_set(arena, &sample->metrics, "image_bytes", NULL, sample->image_bytes);
}

/* Of a server of the distribution: what one reaches of its windows when nothing is asked (peer_steps.c). */
static void steps_collect(const struct trial *trial, struct sample *sample)
{
    static const char *const names[] = {"instructions", "instructions_arch"};

    for (size_t i = 0; i < 2 && trial->counts && trial->guest->has_servers; i++) {
        const struct metric *empty = metrics_find(&trial->counts->before, names[i]);

        if (empty)
            metrics_set(trial->arena, &sample->metrics, i ? "window_instructions_arch" : "window_instructions", NULL,
                        empty->value);
    }
}

/* Of a server: what went over the link in the whole run. */
static void peer_collect(const struct trial *trial, struct sample *sample)
{
    const struct peer_books *peer = trial->evidence->peers ? &trial->evidence->peers[trial->cell] : NULL;

    if (!peer)
        return;
    sample->answers = arena_print(trial->arena, "%016" PRIx64, peer->answers);
    metrics_set(trial->arena, &sample->metrics, "clients_requests", NULL, (int64_t)peer->requests);
    metrics_set(trial->arena, &sample->metrics, "clients_frames_sent", NULL, (int64_t)peer->frames_to);
    metrics_set(trial->arena, &sample->metrics, "clients_frames_received", NULL, (int64_t)peer->frames_from);
    metrics_set(trial->arena, &sample->metrics, "clients_resent", NULL, (int64_t)peer->resent);
    metrics_set(trial->arena, &sample->metrics, "clients_stalls", NULL, (int64_t)peer->stalls);
}

static void audit_run(const struct trial *trial, struct sample *sample)
{
    sample->audit = "none";
    if (!trial->counts)
        sample->audit_reason = trial->guest->lane == LANE_TIME ? "the time lane has no second book" : "";
    else if (!trial->run->has_books)
        sample->audit_reason = "this kernel keeps no books";
    else
        sample->audit = audit_compare(trial->arena, &trial->counts->metrics, &trial->run->books,
                                      trial->config->edge_interrupts, &sample->audit_reason);
}

static void remains_collect(const struct trial *trial, struct sample *sample)
{
    const struct records *records = &trial->evidence->records;

    for (size_t i = 0; i < records->console.count; i++)
        strings_add(trial->arena, &sample->console, records->console.items[i]);
    for (size_t i = 0; i < records->backtrace_count && i < 32; i++)
        strings_add(trial->arena, &sample->backtrace,
                    map_name_address(trial->arena, trial->evidence->map, records->backtrace[i]));
}

void judge_cell(struct arena *arena, const struct config *config, const struct plan_guest *guest, size_t cell,
                const struct evidence *evidence, struct sample *sample)
{
    struct trial trial = {.arena = arena, .config = config, .guest = guest, .cell = cell, .evidence = evidence};
    const char *problem;

    trial.verdict = qemu_judge(arena, &evidence->end, evidence->messages, guest->timeout_s, &trial.end_reason);
    trial.run = records_find(&evidence->records, guest->cells[cell].workload->name);
    trial.counts = counts_of(evidence, trial.run);
    sample->audit = "none";
    sample->audit_reason = sample->output_sha256 = sample->answers = "";
    sample->cpu_features = evidence->records.cpu_features ? evidence->records.cpu_features : "";
    sample->disk = evidence->disk;
    sample->observers = evidence->observed.how ? evidence->observed.how : "";
    sample->wall_ms = evidence->wall_ms;
    problem = first_problem(&trial);
    sample->reason = problem ? problem : "";
    sample->status = !problem ? "ok" : "fail";
    if (problem && trial.run && trial.run->status && strcmp(trial.run->status, "skip") == 0 && !check_end(&trial))
        sample->status = "skip";
    if (trial.run)
        sample->ops = trial.run->ops;
    if (problem) {
        remains_collect(&trial, sample);
        return;
    }
    sample->output_sha256 = trial.run->output_sha256;
    audit_run(&trial, sample);
    metrics_collect(&trial, sample);
    steps_collect(&trial, sample);
    peer_collect(&trial, sample);
    if (trial.counts)
        sample->hops = trial.counts->hops;
}

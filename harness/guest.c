/* SPDX-License-Identifier: MIT */
/*
 * guest.c: one guest run: a fresh copy of the disk, QEMU, the check of the disk, the evidence, the verdicts.
 */
#include "guest.h"
#include "clock.h"
#include "file.h"
#include "judge.h"
#include "layout.h"
#include "observe.h"
#include "peer.h"
#include "qemu.h"
#include "qmp.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERIAL_BYTES_MAX (16 << 20)
#define CHECK_TIMEOUT_MS 60000
#define E2FSCK_ERRORS 4 /* and 8, where it does not even find a file system */
#define E2FSCK_USAGE 16

/* A name for the guest's log: structure-variant-workload-lane-rep. */
static char *log_name(struct arena *arena, const struct plan_guest *guest)
{
    char *name = arena_print(arena, "%s-%s-%s-%s-%u", guest->structure->name, guest->variant,
                             strcmp(plan_guest_workload(guest), "*") == 0 ? "all" : plan_guest_workload(guest),
                             plan_lane_name(guest->lane), guest->rep);

    for (char *c = name; *c; c++) {
        if (*c == '/' || *c == '=' || *c == ',' || *c == ':')
            *c = '_';
    }
    return name;
}

struct sample guest_sample(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
                           size_t cell, const char *reason)
{
    const struct plan_cell *at = &guest->cells[cell];

    return (struct sample){
        .run = context->run_name,
        .structure = guest->structure->name,
        .workload = at->workload->name,
        .variant = guest->variant,
        .lane = plan_lane_name(guest->lane),
        .rep = guest->rep,
        .status = "skip",
        .reason = reason,
        .audit = "none",
        .audit_reason = "",
        .output_sha256 = "",
        .workload_sha256 = at->workload_sha256,
        .image_sha256 = at->image_sha256,
        .image_bytes = at->image_bytes,
        .words = at->words,
        .server = at->server,
        .options = qemu_options(arena, context->config, guest->lane, context->kvm_cpu),
        .cpu_features = "",
        .model = guest->lane == LANE_EXACT && context->config->model_sizes ? context->config->model_sizes : "",
        .observers = "",
        .serial = "",
        .disk = DISK_UNCHECKED,
    };
}

/* A guest of the time lane stands still until it is pinned and observed. */
struct watch {
    struct arena *arena;
    const struct guest_context *context;
    int ours, theirs;
    int64_t timeout_ms; /* the guest's, for each answer of the monitor */
    struct observe *observe;
    const char *pinned, *problem;
};

static int watch_steps(struct watch *watch, pid_t pid, struct error *error)
{
    const struct guest_context *context = watch->context;
    int processor = context->config->time_cpu >= 0 ? context->config->time_cpu : observe_processor(watch->arena);
    json_t *cpus = NULL;
    struct qmp qmp;
    pid_t tid;
    int result = qmp_start(&qmp, watch->ours, context->cancel, watch->timeout_ms, error);

    if (!result)
        result = qmp_call(&qmp, "query-cpus-fast", &cpus, error);
    if (result)
        return result;
    tid = qmp_cpu_thread(cpus);
    json_decref(cpus);
    watch->pinned = observe_pin(watch->arena, pid, tid, processor);
    watch->observe = observe_start(watch->arena, tid, context->exits);
    return qmp_call(&qmp, "cont", NULL, error);
}

/* Once QEMU runs.  What goes wrong here ends QEMU, for its guest would wait for ever. */
static void watch_begin(void *context, pid_t pid)
{
    struct watch *watch = context;
    struct error error;

    close(watch->theirs);
    watch->theirs = -1;
    if (watch_steps(watch, pid, &error) < 0) {
        watch->problem = arena_copy(watch->arena, error.text);
        kill(pid, SIGKILL);
    }
}

static int watch_prepare(struct watch *watch, struct qemu_files *files, struct process_options *options,
                         struct error *error)
{
    if (qmp_pair(&watch->ours, &watch->theirs, error))
        return -1;
    files->monitor = options->keep = watch->theirs;
    options->started = watch_begin;
    options->context = watch;
    return 0;
}

static void watch_end(struct watch *watch, struct evidence *evidence)
{
    if (watch->ours >= 0)
        close(watch->ours);
    if (watch->theirs >= 0)
        close(watch->theirs);
    if (watch->observe)
        observe_finish(watch->arena, watch->observe, watch->pinned, &evidence->observed);
    if (watch->problem)
        evidence->observed.problem = watch->problem;
}

/* The other end of the guest's link, if somebody is to come. */
static void peer_begin_watch(void *context, pid_t pid)
{
    peer_watch(context, pid);
}

static int peer_prepare(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
                        const char *folder, struct qemu_files *files, struct process_options *options,
                        struct peer **peer, struct error *error)
{
    const char *fifo = arena_print(arena, "%s/idle", folder);
    struct peer_job *jobs = arena_alloc(arena, guest->cell_count * sizeof(*jobs));

    if (!guest->cells[0].workload->load)
        return 0;
    for (size_t i = 0; i < guest->cell_count; i++)
        jobs[i] = (struct peer_job){guest->cells[i].workload->name, guest->cells[i].workload->load,
                                    guest->cells[i].workload->warm,
                                    guest->cells[i].workload->warm + guest->cells[i].workload->ops, guest->has_servers};
    *peer = peer_start(jobs, guest->cell_count, context->config->seed, files->serial, fifo, error);
    if (!*peer)
        return -1;
    files->link = options->keep = peer_link(*peer);
    files->peer = peer_options(arena, *peer);
    options->started = peer_begin_watch;
    options->context = *peer;
    return 0;
}

static void peer_end(struct arena *arena, const struct plan_guest *guest, struct peer *peer, struct evidence *evidence)
{
    if (!peer)
        return;
    evidence->peers = arena_alloc(arena, guest->cell_count * sizeof(*evidence->peers));
    peer_finish(arena, peer, evidence->peers);
}

static int qemu_run(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
                    const char *folder, struct evidence *evidence, struct error *error)
{
    struct qemu_files files = {.disk = arena_print(arena, "%s/disk.img", folder),
                               .serial = arena_print(arena, "%s/serial", folder),
                               .counts = arena_print(arena, "%s/counts", folder)};
    struct peer *peer = NULL;
    struct watch watch = {.arena = arena, .context = context, .ours = -1, .theirs = -1, .pinned = "not pinned"};
    struct process_options options = {
        .out = -1, .cancel = context->cancel, .watch_path = files.serial, .watch_bytes = SERIAL_BYTES_MAX};
    char *messages = arena_print(arena, "%s/messages", folder);
    struct strings argv = {0};
    int64_t start = clock_now_ms();
    int result;

    options.timeout_ms = watch.timeout_ms = (int64_t)guest->timeout_s * 1000;
    options.err = open(messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (options.err < 0)
        return file_error(error, "create", messages);
    result = file_copy(LAYOUT_DISK, files.disk, error) ||
             (guest->lane == LANE_TIME && watch_prepare(&watch, &files, &options, error)) ||
             peer_prepare(arena, context, guest, folder, &files, &options, &peer, error) ||
             qemu_command(arena, context->config, guest, &files, context->kvm_cpu, &argv, error) ||
             process_run(argv.items, &options, &evidence->end, error);
    close(options.err);
    watch_end(&watch, evidence);
    peer_end(arena, guest, peer, evidence);
    evidence->wall_ms = clock_now_ms() - start;
    return result ? -1 : 0;
}

static void evidence_read(struct arena *arena, const struct plan_guest *guest, const char *folder,
                          struct evidence *evidence)
{
    size_t bytes = 0;
    char *text = file_read_optional(arena, arena_print(arena, "%s/serial", folder), &bytes);

    records_parse(arena, text ? text : "", bytes, &evidence->records);
    evidence->serial_bytes = bytes;
    bytes = 0;
    text = file_read_optional(arena, arena_print(arena, "%s/counts", folder), &bytes);
    counts_parse(arena, text ? text : "", bytes, &evidence->counts);
    evidence->has_counts = text != NULL;
    text = file_read_optional(arena, arena_print(arena, "%s/messages", folder), NULL);
    evidence->messages = text ? text : "";
    evidence->map = layout_image(arena, guest).map;
}

/* e2fsck -fn repairs nothing; it leaves with 0 if all is well.  1 if interrupted. */
static int disk_check(struct arena *arena, const struct guest_context *context, const char *folder,
                      struct evidence *evidence, struct error *error)
{
    char *disk = arena_print(arena, "%s/disk.img", folder);
    char *const argv[] = {"e2fsck", "-fn", disk, NULL};
    struct process_options options = {.cancel = context->cancel, .timeout_ms = CHECK_TIMEOUT_MS};
    struct process_end end;
    char *text = process_capture(arena, argv, &options, &end, error), *line;

    evidence->disk = DISK_UNCHECKED;
    evidence->disk_text = "";
    if (!text)
        return -1;
    if (end.outcome == PROCESS_INTERRUPTED)
        return 1;
    if (end.outcome == PROCESS_EXITED && end.value == 0)
        evidence->disk = DISK_CLEAN;
    else if (end.outcome == PROCESS_EXITED && end.value >= E2FSCK_ERRORS && end.value < E2FSCK_USAGE)
        evidence->disk = DISK_DAMAGED;
    evidence->disk_text = process_explain(arena, &end);
    while ((line = strsep(&text, "\n"))) {
        if (*line && strncmp(line, "e2fsck ", 7) != 0 && strncmp(line, "Pass ", 5) != 0) {
            evidence->disk_text = sample_text(arena, line);
            break;
        }
    }
    return 0;
}

/* What QEMU says where it has no plugins, and where it does not take this one. */
static const char *const no_plugin[] = {"-plugin: invalid option", "ould not load plugin", "plugin interface"};

/* A QEMU that cannot count fails with each guest alike: that is the host's, not the guests'. */
static int plugin_check(const struct plan_guest *guest, const struct evidence *evidence, struct error *error)
{
    size_t length = strcspn(evidence->messages, "\n");

    if (guest->lane != LANE_EXACT || evidence->end.outcome != PROCESS_EXITED || evidence->end.value != 1)
        return 0;
    for (size_t i = 0; i < sizeof(no_plugin) / sizeof(no_plugin[0]); i++) {
        if (strstr(evidence->messages, no_plugin[i]))
            return error_set(error, TOLL_HOST,
                             "this QEMU cannot count (%.*s): the exact lane needs one of version 7.2 or newer that was "
                             "built with plugins, as Debian's is; TOLL_QEMU names another",
                             (int)length, evidence->messages);
    }
    return 0;
}

static int guest_try(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
                     const char *folder, struct sample *samples, struct error *error)
{
    char *log = arena_print(arena, "serial/%s.log", log_name(arena, guest));
    struct evidence evidence = {.messages = ""};
    int result;

    if (qemu_run(arena, context, guest, folder, &evidence, error))
        return -1;
    if (evidence.end.outcome == PROCESS_INTERRUPTED)
        return 1;
    evidence_read(arena, guest, folder, &evidence);
    if (plugin_check(guest, &evidence, error))
        return -1;
    if (file_exists(arena_print(arena, "%s/serial", folder)) &&
        file_copy(arena_print(arena, "%s/serial", folder), arena_print(arena, "%s/%s", context->run_folder, log),
                  error))
        return -1;
    result = disk_check(arena, context, folder, &evidence, error);
    if (result)
        return result;
    for (size_t i = 0; i < guest->cell_count; i++) {
        samples[i] = guest_sample(arena, context, guest, i, "");
        samples[i].serial = log;
        judge_cell(arena, context->config, guest, i, &evidence, &samples[i]);
    }
    return 0;
}

int guest_run(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
              struct sample *samples, struct error *error)
{
    char *folder = arena_print(arena, "%s/%s", context->temporary, log_name(arena, guest));
    int result;

    if (mkdir(folder, 0700) && errno != EEXIST)
        return file_error(error, "create the folder", folder);
    result = guest_try(arena, context, guest, folder, samples, error);
    file_remove_tree(folder);
    return result;
}

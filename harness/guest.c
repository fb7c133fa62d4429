/* SPDX-License-Identifier: MIT */
/*
 * guest.c: one guest run: a fresh copy of the disk, QEMU, the check of the disk, the evidence, the verdicts.
 */
#include "guest.h"
#include "clock.h"
#include "file.h"
#include "judge.h"
#include "layout.h"
#include "qemu.h"
#include <errno.h>
#include <fcntl.h>
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
                             guest->cell_count == 1 ? guest->cells[0].workload->name : "all",
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
        .options = qemu_options(arena, context->config, guest->lane, context->kvm_cpu),
        .cpu_features = "",
        .serial = "",
        .disk = DISK_UNCHECKED,
    };
}

static int qemu_run(struct arena *arena, const struct guest_context *context, const struct plan_guest *guest,
                    const char *folder, struct evidence *evidence, struct error *error)
{
    struct qemu_files files = {arena_print(arena, "%s/disk.img", folder), arena_print(arena, "%s/serial", folder),
                               arena_print(arena, "%s/counts", folder)};
    struct process_options options = {
        .out = -1, .cancel = context->cancel, .watch_path = files.serial, .watch_bytes = SERIAL_BYTES_MAX};
    char *messages = arena_print(arena, "%s/messages", folder);
    struct strings argv = {0};
    int64_t start = clock_now_ms();
    int result;

    options.timeout_ms = (int64_t)guest->timeout_s * 1000;
    if (file_copy(LAYOUT_DISK, files.disk, error) ||
        qemu_command(arena, context->config, guest, &files, context->kvm_cpu, &argv, error))
        return -1;
    options.err = open(messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (options.err < 0)
        return file_error(error, "create", messages);
    result = process_run(argv.items, &options, &evidence->end, error);
    close(options.err);
    evidence->wall_ms = clock_now_ms() - start;
    return result;
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

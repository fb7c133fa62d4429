/* SPDX-License-Identifier: MIT */
/*
 * build.c: one call of make for all that is needed.  Files of bench.toml for the disk go to make as DISK_EXTRA, and
 * LAYOUT_DISK_LIST remembers with which the disk was made.
 */
#include "build.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_SHOWN 3000

static void add_once(struct arena *arena, struct strings *files, const char *file)
{
    for (size_t i = 0; file && i < files->count; i++) {
        if (strcmp(files->items[i], file) == 0)
            return;
    }
    if (file)
        strings_add(arena, files, file);
}

static void add_guest(struct arena *arena, struct strings *files, const struct plan_guest *guest)
{
    struct layout_image image = layout_image(arena, guest);

    add_once(arena, files, image.kernel);
    add_once(arena, files, image.initrd);
    add_once(arena, files, image.cmdline);
    add_once(arena, files, image.map);
    for (size_t i = 0; i < guest->cell_count; i++)
        add_once(arena, files, layout_manifest(arena, guest, guest->cells[i].program));
}

struct strings build_list(struct arena *arena, const struct plan *plan)
{
    struct strings files = {0};

    for (size_t i = 0; i < plan->guest_count; i++) {
        if (plan->guests[i].rep == 0)
            add_guest(arena, &files, &plan->guests[i]);
        add_once(arena, &files, plan->guests[i].lane == LANE_TIME ? LAYOUT_PROBE : LAYOUT_PLUGIN);
    }
    add_once(arena, &files, LAYOUT_DISK);
    return files;
}

bool build_misses(struct arena *arena, const struct plan *plan)
{
    struct strings files = build_list(arena, plan);

    for (size_t i = 0; i < files.count; i++) {
        if (!file_exists(files.items[i]))
            return true;
    }
    return false;
}

/* Whether a file would take the place of another one, that is on every disk under its name. */
static bool hides_input(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat here, there;

    return stat(arena_print(arena, LAYOUT_DISK_INPUTS "%s", slash ? slash + 1 : path), &there) == 0 &&
           stat(path, &here) == 0 && (here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

/* The files of bench.toml that are not on every disk. */
static int extra_files(struct arena *arena, const struct config *config, struct strings *extra, struct error *error)
{
    for (size_t w = 0; w < config->workload_count; w++) {
        const struct strings *files = &config->workloads[w].files;

        for (size_t i = 0; i < files->count; i++) {
            if (!file_exists(files->items[i]))
                return error_set(error, TOLL_USAGE, "%s: workload.%s.files: there is no file %s; correct the path",
                                 config->path, config->workloads[w].name, files->items[i]);
            if (hides_input(arena, files->items[i]))
                return error_set(error, TOLL_USAGE,
                                 "%s: workload.%s.files: %s has the name of a file of " LAYOUT_DISK_INPUTS
                                 ", which other workloads find on the same disk; rename it",
                                 config->path, config->workloads[w].name, files->items[i]);
            if (strncmp(files->items[i], LAYOUT_DISK_INPUTS, strlen(LAYOUT_DISK_INPUTS)) != 0)
                add_once(arena, extra, files->items[i]);
        }
    }
    return 0;
}

/* A disk that was made with other files is removed, for make cannot see that from the files' times. */
static int disk_prepare(struct arena *arena, const struct strings *extra, struct error *error)
{
    const char *old = file_read_optional(arena, LAYOUT_DISK_LIST, NULL), *text = strings_join(arena, extra, "\n");

    if (strcmp(old ? old : "", text) == 0)
        return 0;
    unlink(LAYOUT_DISK);
    if (file_make_folders("build", error))
        return -1;
    return file_write_atomic(LAYOUT_DISK_LIST, text, strlen(text), error);
}

static int make_run(struct arena *arena, char *const argv[], int cancel, bool verbose, struct error *error)
{
    struct process_options options = {.out = STDERR_FILENO, .err = STDERR_FILENO, .cancel = cancel};
    const char *output = "";
    struct process_end end;
    size_t length;

    if (verbose ? process_run(argv, &options, &end, error) != 0
                : !(output = process_capture(arena, argv, &options, &end, error)))
        return -1;
    if (end.outcome == PROCESS_EXITED && end.value == 0)
        return 0;
    if (end.outcome == PROCESS_INTERRUPTED)
        return error_set(error, TOLL_INTERRUPTED, "interrupted while building; nothing was measured");
    length = strlen(output);
    return error_set(error, TOLL_HOST, "the build failed (make: %s)%s%s", process_explain(arena, &end),
                     length ? ":\n" : "", length > OUTPUT_SHOWN ? output + length - OUTPUT_SHOWN : output);
}

int build_files(struct arena *arena, const struct strings *files, int cancel, bool verbose, struct error *error)
{
    const char *make = getenv("MAKE");
    struct strings argv = {0};

    /* A make that called toll must not lend its job server: it would count toll's guests as its own. */
    unsetenv("MAKEFLAGS");
    unsetenv("MFLAGS");
    unsetenv("MAKELEVEL");
    strings_add(arena, &argv, make ? make : "make");
    if (!verbose)
        strings_add(arena, &argv, "-s");
    strings_print(arena, &argv, "-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
    strings_add(arena, &argv, "--no-print-directory");
    for (size_t i = 0; i < files->count; i++)
        strings_add(arena, &argv, files->items[i]);
    return make_run(arena, argv.items, cancel, verbose, error);
}

int build_plan(struct arena *arena, const struct plan *plan, int cancel, bool verbose, struct error *error)
{
    struct strings files = build_list(arena, plan), extra = {0};

    if (extra_files(arena, plan->config, &extra, error) || disk_prepare(arena, &extra, error))
        return -1;
    strings_print(arena, &files, "DISK_EXTRA=%s", strings_join(arena, &extra, " "));
    return build_files(arena, &files, cancel, verbose, error);
}

/* SPDX-License-Identifier: MIT */
/*
 * tune.c: the record has the machine's boot on its first line and then, for each file that is changed, its path below
 * the root and its old text.  It is on stable storage before the first change.
 */
#include "tune.h"
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPUS "/sys/devices/system/cpu/"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static const struct {
    const char *pattern, *wanted, *what;
} knobs[] = {
    {CPUS "cpu[0-9]*/cpufreq/scaling_governor", "performance", "governor"},
    {CPUS "intel_pstate/no_turbo", "1", "turbo"},
    {CPUS "cpufreq/boost", "0", "turbo"},
};

struct change {
    char *path, *old; /* path without the root */
    const char *wanted, *what;
};

struct changes {
    struct change *items;
    size_t count, room;
};

const char *tune_root(void)
{
    const char *root = getenv("TOLL_SYSROOT");

    return root ? root : "";
}

void tune_init(struct arena *arena, struct tune *tune, const char *root)
{
    const char *state = getenv("TOLL_STATE"), *runtime = getenv("XDG_RUNTIME_DIR");

    *tune = (struct tune){.root = root, .lock = -1};
    if (state && *state)
        tune->folder = arena_copy(arena, state);
    else if (geteuid() == 0)
        tune->folder = "/run/toll";
    else if (runtime && *runtime)
        tune->folder = arena_print(arena, "%s/toll", runtime);
}

static char *record_path(struct arena *arena, const struct tune *tune)
{
    return arena_print(arena, "%s/tuned", tune->folder);
}

static char *line_read(struct arena *arena, const char *path)
{
    char *text = file_read_optional(arena, path, NULL);

    if (text)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

static int knob_write(struct arena *arena, const struct tune *tune, const char *path, const char *text)
{
    int fd = open(arena_print(arena, "%s%s", tune->root, path), O_WRONLY | O_CLOEXEC | O_TRUNC), failed;

    if (fd < 0)
        return -1;
    failed = file_write_all(fd, text, strlen(text));
    return close(fd) || failed ? -1 : 0;
}

/* Takes the lock; false if another toll has it, or there is no place for one. */
static bool lock_take(struct arena *arena, const char *folder, int *lock)
{
    int fd = open(arena_print(arena, "%s/lock", folder), O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        errno = EWOULDBLOCK;
        return false;
    }
    *lock = fd;
    return true;
}

static void lock_drop(struct tune *tune)
{
    if (tune->lock >= 0)
        close(tune->lock);
    tune->lock = -1;
}

static void changes_add(struct arena *arena, struct changes *changes, struct change change)
{
    changes->items = arena_grow(arena, changes->items, changes->count, &changes->room, sizeof(*changes->items));
    changes->items[changes->count++] = change;
}

/* The paths in a record are not believed: only the knobs above may be written. */
static const char *knob_of(const char *path)
{
    if (strncmp(path, CPUS, strlen(CPUS)) != 0 || strstr(path, ".."))
        return NULL;
    for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
        if (strcmp(strrchr(path, '/'), strrchr(knobs[i].pattern, '/')) == 0)
            return knobs[i].what;
    }
    return NULL;
}

/* The record's changes; none if there is no record, or it is of an earlier boot. */
static void record_read(struct arena *arena, const struct tune *tune, struct changes *changes)
{
    char *text = tune->folder ? file_read_optional(arena, record_path(arena, tune), NULL) : NULL, *line;
    const char *boot = line_read(arena, BOOT_ID);

    *changes = (struct changes){0};
    if (!text || !(line = strsep(&text, "\n")) || !boot || strcmp(line, boot) != 0)
        return;
    while ((line = strsep(&text, "\n"))) {
        char *tab = strchr(line, '\t');
        const char *what;

        if (!tab)
            continue;
        *tab = '\0';
        what = knob_of(line);
        if (what)
            changes_add(arena, changes, (struct change){.path = line, .old = tab + 1, .what = what});
    }
}

static int record_write(struct arena *arena, const struct tune *tune, const struct changes *changes,
                        struct error *error)
{
    const char *boot = line_read(arena, BOOT_ID), *text;
    struct strings lines = {0};

    strings_add(arena, &lines, boot ? boot : "");
    for (size_t i = 0; i < changes->count; i++)
        strings_print(arena, &lines, "%s\t%s", changes->items[i].path, changes->items[i].old);
    strings_add(arena, &lines, "");
    text = strings_join(arena, &lines, "\n");
    return file_write_atomic(record_path(arena, tune), text, strlen(text), error);
}

/* "governor of 8 processors, turbo" */
static const char *changes_explain(struct arena *arena, const struct changes *changes)
{
    struct strings words = {0};
    size_t governors = 0, others = 0;

    for (size_t i = 0; i < changes->count; i++) {
        bool governor = strcmp(changes->items[i].what, "governor") == 0;

        governors += governor;
        others += !governor;
    }
    if (governors)
        strings_print(arena, &words, "governor of %zu processors", governors);
    if (others)
        strings_add(arena, &words, "turbo");
    return strings_join(arena, &words, ", ");
}

const char *tune_pending(struct arena *arena, const struct tune *tune)
{
    struct changes changes;
    int lock = -1;

    record_read(arena, tune, &changes);
    if (changes.count == 0)
        return NULL;
    if (tune->lock < 0 && !lock_take(arena, tune->folder, &lock) && errno == EWOULDBLOCK)
        return NULL;
    if (lock >= 0)
        close(lock);
    return changes_explain(arena, &changes);
}

/* The files of one knob that are not as wanted. */
static void knob_collect(struct arena *arena, const struct tune *tune, size_t knob, struct changes *changes)
{
    glob_t found = {0};

    if (glob(arena_print(arena, "%s%s", tune->root, knobs[knob].pattern), 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            char *old = line_read(arena, found.gl_pathv[i]);
            struct change change = {arena_copy(arena, found.gl_pathv[i] + strlen(tune->root)), old, knobs[knob].wanted,
                                    knobs[knob].what};

            if (old && strcmp(old, knobs[knob].wanted) != 0)
                changes_add(arena, changes, change);
        }
    }
    globfree(&found);
}

static int changes_make(struct arena *arena, const struct tune *tune, const struct changes *changes,
                        struct error *error)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];

        if (knob_write(arena, tune, change->path, change->wanted))
            return error_set(error, TOLL_HOST, "cannot write %s to %s%s: %s; --tune takes root", change->wanted,
                             tune->root, change->path, strerror(errno));
    }
    return 0;
}

static int changes_undo(struct arena *arena, const struct tune *tune, struct error *error)
{
    struct changes changes;
    int failed = 0;

    record_read(arena, tune, &changes);
    for (size_t i = changes.count; i > 0; i--) {
        const struct change *change = &changes.items[i - 1];

        if (knob_write(arena, tune, change->path, change->old))
            failed = error_set(error, TOLL_HOST, "cannot write %s back to %s%s: %s; do it as root", change->old,
                               tune->root, change->path, strerror(errno));
    }
    if (!failed)
        unlink(record_path(arena, tune));
    return failed;
}

int tune_apply(struct arena *arena, struct tune *tune, const char **changed, struct error *error)
{
    struct changes changes = {0};
    struct error ignored;

    *changed = "";
    if (!tune->folder)
        return error_set(error, TOLL_HOST,
                         "--tune has no place to remember what it changes: run it as root, or name a "
                         "folder in $TOLL_STATE");
    if (file_make_folders(tune->folder, error))
        return -1;
    if (!lock_take(arena, tune->folder, &tune->lock))
        return error_set(error, TOLL_HOST, "another toll has tuned this machine and still runs; wait for its end");
    if (changes_undo(arena, tune, error))
        return -1;
    for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
        knob_collect(arena, tune, i, &changes);
    if (changes.count == 0)
        return 0;
    if (record_write(arena, tune, &changes, error))
        return -1;
    if (changes_make(arena, tune, &changes, error)) {
        changes_undo(arena, tune, &ignored);
        return -1;
    }
    *changed = changes_explain(arena, &changes);
    return 0;
}

int tune_restore(struct arena *arena, struct tune *tune, struct error *error)
{
    int failed;

    if (!tune->folder || (tune->lock < 0 && !file_exists(record_path(arena, tune))))
        return 0;
    if (tune->lock < 0 && !lock_take(arena, tune->folder, &tune->lock))
        return error_set(error, TOLL_HOST,
                         errno == EWOULDBLOCK ? "another toll has tuned this machine and still runs; wait for its end"
                                              : "only root can put back what a toll run by root changed");
    failed = changes_undo(arena, tune, error);
    lock_drop(tune);
    return failed;
}

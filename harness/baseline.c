/* SPDX-License-Identifier: MIT */
/*
 * baseline.c: copying a run's folder, without what its guests wrote to the serial port.
 */
#include "baseline.h"
#include "file.h"
#include "layout.h"
#include "warnings.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOUBTS_SHOWN 10

static void doubt_add(struct arena *arena, struct strings *doubts, const struct cell *cell, const char *what)
{
    if (doubts->count < DOUBTS_SHOWN)
        strings_print(arena, doubts, "%s/%s %s, %s lane: %s", cell->structure, cell->workload, cell->variant,
                      cell->lane, what);
}

struct strings baseline_doubts(struct arena *arena, const struct results *results)
{
    struct strings doubts = {0};

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->status, CELL_OK) != 0 && strcmp(cell->status, CELL_SKIP) != 0)
            doubt_add(arena, &doubts, cell, arena_print(arena, "%s: %s", cell->status, cell->reason));
    }
    for (size_t i = 0; i < results->count; i++) {
        for (unsigned w = 0; w < WARNINGS_COUNT; w++) {
            if (results->items[i].warnings & (1U << w))
                doubt_add(arena, &doubts, results->items[i].cell,
                          arena_print(arena, "%s: %s", results->items[i].metric, warnings_get(w)->text));
        }
    }
    return doubts;
}

static int is_kept(const struct dirent *entry)
{
    return entry->d_type != DT_DIR && entry->d_name[0] != '.';
}

static int files_copy(struct arena *arena, const char *from, const char *to, struct error *error)
{
    struct dirent **entries;
    int count = scandir(from, &entries, is_kept, alphasort), failed = 0;

    if (count < 0)
        return file_error(error, "read the folder", from);
    for (int i = 0; i < count; i++) {
        if (!failed)
            failed = file_copy(arena_print(arena, "%s/%s", from, entries[i]->d_name),
                               arena_print(arena, "%s/%s", to, entries[i]->d_name), error);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int baseline_save(struct arena *arena, const char *name, const char *folder, bool replace, struct error *error)
{
    char *target = arena_print(arena, "%s/%s", LAYOUT_BASELINES, name);
    char *temporary = arena_print(arena, "%s/.new-%s-%d", LAYOUT_BASELINES, name, (int)getpid());
    char *old = arena_print(arena, "%s/.old-%s-%d", LAYOUT_BASELINES, name, (int)getpid());

    if (file_name_check(name, error))
        return -1;
    if (file_exists(arena_print(arena, "results/%s", name)))
        return error_set(error, TOLL_USAGE,
                         "results/%s exists: a baseline of that name would hide behind it; name it "
                         "otherwise",
                         name);
    if (file_exists(target) && !replace)
        return error_set(error, TOLL_USAGE, "%s exists; --replace puts this run in its place", target);
    if (file_make_folders(temporary, error) || files_copy(arena, folder, temporary, error)) {
        file_remove_tree(temporary);
        return -1;
    }
    if ((rename(target, old) && errno != ENOENT) || rename(temporary, target)) {
        file_error(error, "make the baseline", target);
        rename(old, target);
        file_remove_tree(temporary);
        return -1;
    }
    file_remove_tree(old);
    return 0;
}

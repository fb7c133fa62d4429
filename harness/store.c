/* SPDX-License-Identifier: MIT */
/*
 * store.c: making, filling and finding the folders of runs.
 */
#include "store.h"
#include "file.h"
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *folder_new(struct arena *arena, const char *commit, struct error *error)
{
    char utc[32];
    time_t now = time(NULL);
    struct tm parts;

    strftime(utc, sizeof(utc), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
    for (int i = 1; i < 100; i++) {
        char *folder = arena_print(arena, i == 1 ? "%s/%s-%s" : "%s/%s-%s-%d", LAYOUT_RESULTS, utc, commit, i);

        if (mkdir(folder, 0777) == 0)
            return folder;
        if (errno != EEXIST) {
            file_error(error, "create the folder", folder);
            return NULL;
        }
    }
    error_set(error, TOLL_HOST, "too many runs in one second in %s", LAYOUT_RESULTS);
    return NULL;
}

int store_publish(struct arena *arena, const struct store *store, struct error *error)
{
    char *temporary = arena_print(arena, "%s/.latest.%d", LAYOUT_RESULTS, (int)getpid());

    if (store->named)
        return 0;
    unlink(temporary);
    if (symlink(store_run_name(arena, store->folder), temporary) || rename(temporary, LAYOUT_RESULTS "/latest"))
        return file_error(error, "make the link", LAYOUT_RESULTS "/latest");
    return 0;
}

char *store_run_name(struct arena *arena, const char *folder)
{
    size_t end = strlen(folder), start;

    while (end > 1 && folder[end - 1] == '/')
        end--;
    for (start = end; start > 0 && folder[start - 1] != '/'; start--)
        ;
    return arena_copy_n(arena, folder + start, end - start);
}

static int samples_open(struct arena *arena, struct store *store, struct error *error)
{
    char *path = arena_print(arena, "%s/samples.jsonl", store->folder);

    store->samples = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (store->samples < 0)
        return file_error(error, "open", path);
    if (flock(store->samples, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return 0; /* where locks do not work nobody is kept out */
    store_close(store);
    return error_set(error, TOLL_USAGE, "another toll is writing to %s; wait for it, or name another folder",
                     store->folder);
}

bool store_is_busy(struct arena *arena, const char *folder)
{
    int fd = open(arena_print(arena, "%s/samples.jsonl", folder), O_RDONLY | O_CLOEXEC);
    bool busy = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    return busy;
}

int store_create(struct arena *arena, const char *folder, const char *commit, struct store *store, struct error *error)
{
    *store = (struct store){.folder = folder, .samples = -1, .named = folder != NULL};
    if (file_make_folders(store->named ? folder : LAYOUT_RESULTS, error))
        return -1;
    if (!store->named && !(store->folder = folder_new(arena, commit, error)))
        return -1;
    if (file_exists(arena_print(arena, "%s/plan.json", store->folder)))
        return error_set(error, TOLL_USAGE,
                         "%s already holds a run; go on with it by --resume %s, or name another folder", store->folder,
                         store->folder);
    if (file_size(arena_print(arena, "%s/samples.jsonl", store->folder)) > 0)
        return error_set(error, TOLL_USAGE,
                         "%s/samples.jsonl holds samples of a run whose plan.json is gone; name another folder, or "
                         "move the file",
                         store->folder);
    if (file_make_folders(arena_print(arena, "%s/serial", store->folder), error) || samples_open(arena, store, error))
        return -1;
    return 0;
}

/* Cuts off what follows the last newline. */
static int tail_repair(int fd)
{
    struct stat status;
    off_t end;
    char byte;

    if (fstat(fd, &status))
        return -1;
    for (end = status.st_size; end > 0; end--) {
        if (pread(fd, &byte, 1, end - 1) != 1)
            return -1;
        if (byte == '\n')
            break;
    }
    return end == status.st_size ? 0 : ftruncate(fd, end);
}

int store_open(struct arena *arena, const char *folder, struct store *store, struct error *error)
{
    *store = (struct store){.folder = folder, .samples = -1};
    if (samples_open(arena, store, error))
        return -1;
    if (tail_repair(store->samples))
        return file_error(error, "repair the end of", arena_print(arena, "%s/samples.jsonl", folder));
    return 0;
}

void store_close(struct store *store)
{
    if (store->samples >= 0)
        close(store->samples);
    store->samples = -1;
}

int store_write_json(struct arena *arena, const struct store *store, const char *name, const json_t *json,
                     struct error *error)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(12)),
         *path = arena_print(arena, "%s/%s", store->folder, name);
    int result;

    if (!text)
        return error_set(error, TOLL_HOST, "cannot express %s as JSON", path);
    result = file_write_atomic(path, text, strlen(text), error);
    free(text);
    return result;
}

int store_append(const struct store *store, const struct sample *sample, struct error *error)
{
    json_t *json = sample_to_json(sample);
    char *text = json_dumps(json, JSON_COMPACT), *line = NULL;
    off_t before = lseek(store->samples, 0, SEEK_END);
    int result = 0;

    json_decref(json);
    if (!text || asprintf(&line, "%s\n", text) < 0)
        abort();
    if (file_write_all(store->samples, line, strlen(line)) || (fsync(store->samples) && errno != EINVAL)) {
        result = file_error(error, "store the sample in samples.jsonl of", store->folder);
        if (before < 0 || ftruncate(store->samples, before))
            before = 0; /* nothing more can be done; a torn line is repaired when the run is resumed */
    }
    free(text);
    free(line);
    return result;
}

static int line_load(struct arena *arena, const char *line, size_t length, struct samples *samples,
                     const char **problem)
{
    json_error_t where;
    json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    int result;

    if (!json) {
        *problem = arena_print(arena, "column %d: %s", where.column, sample_text(arena, where.text));
        return -1;
    }
    samples->items = arena_grow(arena, samples->items, samples->count, &samples->room, sizeof(*samples->items));
    result = sample_from_json(arena, json, &samples->items[samples->count], problem);
    json_decref(json);
    samples->count += result == 0;
    return result;
}

int store_load(struct arena *arena, const char *folder, struct samples *samples, struct error *error)
{
    char *path = arena_print(arena, "%s/samples.jsonl", folder);
    size_t bytes, number = 1;
    char *text = file_read(arena, path, &bytes, error), *end, *line;
    const char *problem;

    *samples = (struct samples){0};
    if (!text)
        return -1;
    for (line = text; (end = memchr(line, '\n', bytes - (size_t)(line - text))); line = end + 1, number++) {
        if (line_load(arena, line, (size_t)(end - line), samples, &problem))
            return error_set(error, TOLL_USAGE, "%s:%zu: expected a sample of schema %s: %s; remove the line to go on",
                             path, number, SAMPLE_SCHEMA, problem);
    }
    samples->torn = line < text + bytes;
    return 0;
}

json_t *store_load_json(struct arena *arena, const char *folder, const char *name, struct error *error)
{
    char *path = arena_print(arena, "%s/%s", folder, name);
    size_t bytes;
    char *text = file_read(arena, path, &bytes, error);
    json_error_t problem;
    json_t *json;

    if (!text)
        return NULL;
    json = json_loadb(text, bytes, 0, &problem);
    if (json_is_object(json))
        return json;
    if (json)
        error_set(error, TOLL_USAGE, "%s:1:1: expected an object; make the run again", path);
    else
        error_set(error, TOLL_USAGE, "%s:%d:%d: %s; make the run again", path, problem.line, problem.column,
                  sample_text(arena, problem.text));
    json_decref(json);
    return NULL;
}

const char *store_find(struct arena *arena, const char *name, struct error *error)
{
    const char *folder = arena_print(arena, "%s/%s", LAYOUT_RESULTS, name ? name : "latest");

    if (name && !strchr(name, '/') && !file_exists(folder))
        folder = arena_print(arena, "%s/%s", LAYOUT_BASELINES, name);
    if (name && (strchr(name, '/') || !file_exists(folder)))
        folder = name;
    if (file_exists(arena_print(arena, "%s/samples.jsonl", folder)))
        return folder;
    if (name)
        error_set(error, TOLL_USAGE, "there is no run %s; `toll list` shows the runs", name);
    else
        error_set(error, TOLL_USAGE, "there is no run yet; make one by `toll run`");
    return NULL;
}

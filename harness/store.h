/* SPDX-License-Identifier: MIT */
/*
 * store.h: the folder of one run.
 *
 *      plan.json      what was asked for and the hashes of what was booted; written once, all or nothing
 *      bench.toml     the configuration as it was
 *      host.json      the machine
 *      samples.jsonl  a line a sample, on stable storage before the next guest is judged
 *      serial/        what each guest said
 *
 * A crash, a full disk or an interruption loses at most the sample being written, of which no part stays behind.
 */
#ifndef TOLL_STORE_H
#define TOLL_STORE_H

#include "sample.h"
#include <stdbool.h>

struct store {
    const char *folder;
    int samples; /* descriptor, for appending */
    bool named;  /* by the user */
};

struct samples {
    struct sample *items;
    size_t count, room;
    bool torn; /* the last line was cut short, and was left out */
};

/* Makes a new folder: the given one (which may be there, but hold no run), or results/<utc>-<commit>. */
int store_create(struct arena *arena, const char *folder, const char *commit, struct store *store, struct error *error);

/* Once its papers are written, results/latest points to the new folder, unless the user named another place. */
int store_publish(struct arena *arena, const struct store *store, struct error *error);

/* What the run in a folder is called: the last part of the path. */
char *store_run_name(struct arena *arena, const char *folder);

/* Opens a folder to go on with its run; a torn last line is cut off. */
int store_open(struct arena *arena, const char *folder, struct store *store, struct error *error);

/* Writes a file of the folder, all or nothing. */
int store_write_json(struct arena *arena, const struct store *store, const char *name, const json_t *json,
                     struct error *error);

/* Appends one sample and waits until it is safe.  On failure the file is as it was before. */
int store_append(const struct store *store, const struct sample *sample, struct error *error);

void store_close(struct store *store);

/* Whether another toll has the folder open by store_create or store_open, which refuse it to anybody else. */
bool store_is_busy(struct arena *arena, const char *folder);

/* The samples of a folder, in the order of their writing. */
int store_load(struct arena *arena, const char *folder, struct samples *samples, struct error *error);

/* NULL and an error if there is no such file or it is not an object of JSON.  A new reference. */
json_t *store_load_json(struct arena *arena, const char *folder, const char *name, struct error *error);

/* The folder that a user means by name: a path, a run's name under results/, a baseline's, or NULL for the latest. */
const char *store_find(struct arena *arena, const char *name, struct error *error);

#endif

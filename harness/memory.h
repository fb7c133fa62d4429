/* SPDX-License-Identifier: MIT */
/*
 * memory.h: the smallest memory with which a cell passes, for `toll memory`.
 *
 * A cell passes with so many MiB (QEMU's -m) if its guest does what it does with all of its structure's memory: status
 * ok, a clean disk, the same output, within five times the time.  That more memory never hurts is taken for granted,
 * and what is between too little and enough is halved.  Less than what the image itself takes is not tried: no
 * instruction of it could run.
 */
#ifndef TOLL_MEMORY_H
#define TOLL_MEMORY_H

#include "plan.h"
#include <jansson.h>

#define MEMORY_FILE "memory.json"

struct memory_trial {
    uint32_t mib;
    bool passed;
    const char *reason; /* why not; otherwise empty */
};

struct memory_row {
    const struct plan_guest *guest; /* of one cell */
    uint32_t image_mib;             /* the least that holds what the loader puts there */
    uint32_t mib;                   /* the smallest that passes; 0: not even all of the structure's memory does */
    struct memory_trial *trials;    /* in their order */
    size_t trial_count, trial_room;
};

/* Fills in trial->passed and its reason for trial->mib; 1 if it was interrupted, -1 with an error. */
typedef int memory_try(void *context, struct memory_trial *trial, struct error *error);

/* Finds row->mib from row->image_mib to most; the trials are the arena's.  What try gives that is not 0 is given on. */
int memory_bisect(struct arena *arena, struct memory_row *row, uint32_t most, memory_try *try, void *context,
                  struct error *error);

/* What a guest's image takes, in whole MiB from address 0, with what is loaded behind it; 1 if the file is no ELF. */
uint32_t memory_of_image(struct arena *arena, const struct plan_guest *guest);

/* memory.json; a new reference. */
json_t *memory_to_json(const struct memory_row *rows, size_t count, const char *run, const char *options);

#endif

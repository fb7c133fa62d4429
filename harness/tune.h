/* SPDX-License-Identifier: MIT */
/*
 * tune.h: steadies the processors' clocks for a run and puts everything back: the governor to performance, turbo off.
 *
 * What is about to change is written to a record first, so that whatever ends toll, the next run or
 * `toll doctor --restore` can undo it.  A restart of the machine undoes it too, after which the record is void.  One
 * toll at a time may tune.  The guest's affinity is not here: it is of QEMU's threads, and ends with them.
 */
#ifndef TOLL_TUNE_H
#define TOLL_TUNE_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>

struct tune {
    const char *root;   /* in front of /sys: tune_root(), "" for this machine */
    const char *folder; /* where the record is kept, or NULL: this user has no place for it */
    int lock;           /* held while tuned, or -1 */
};

/* $TOLL_SYSROOT, a tree that stands for this machine's /sys and /proc in tests; else "". */
const char *tune_root(void);

/* Record in $TOLL_STATE, or /run/toll, or the user's $XDG_RUNTIME_DIR/toll. */
void tune_init(struct arena *arena, struct tune *tune, const char *root);

/* What an ended toll left changed, in words, or NULL; NULL too while that toll still runs. */
const char *tune_pending(struct arena *arena, const struct tune *tune);

/* Changes what is not yet as it should be; *changed tells what, in words, "" if nothing was to do.  On failure what was
   changed is put back. */
int tune_apply(struct arena *arena, struct tune *tune, const char **changed, struct error *error);

/* Puts back what the record tells, and removes it; nothing to do is no error. */
int tune_restore(struct arena *arena, struct tune *tune, struct error *error);

#endif

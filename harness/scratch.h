/* SPDX-License-Identifier: MIT */
/*
 * scratch.h: folders for what a toll needs only while it runs: the guests' copies of the disk, their counts.  They are
 * made in $TMPDIR, or /tmp, as toll-XXXXXX or toll-WHAT-XXXXXX.
 *
 * Each holds a file `owner`, which its toll keeps locked (flock(2)) for as long as it lives, however it ends.  So a
 * folder of this user whose lock can be had is one that a killed toll left behind.
 */
#ifndef TOLL_SCRATCH_H
#define TOLL_SCRATCH_H

#include "arena.h"
#include "error.h"

/* Removes the folders that killed tolls left behind, and makes one; what: "", or "boot-" and the like.  NULL with an
   error. */
char *scratch_make(struct arena *arena, const char *what, struct error *error);

/* Removes a folder and what is in it. */
void scratch_remove(const char *folder);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * judge.h: from what a guest run left behind to its samples.  No input or output here: tests hand in evidence.
 */
#ifndef TOLL_JUDGE_H
#define TOLL_JUDGE_H

#include "counts.h"
#include "observe.h"
#include "peer.h"
#include "plan.h"
#include "process.h"
#include "records.h"
#include "sample.h"

#define DISK_CLEAN "clean"
#define DISK_DAMAGED "damaged"
#define DISK_UNCHECKED "unchecked"

struct evidence {
    struct process_end end;
    const char *messages; /* QEMU's own, from standard error */
    struct records records;
    size_t serial_bytes;
    bool has_counts;
    struct counts counts;
    const char *disk;         /* DISK_* */
    const char *disk_text;    /* the first line of the check of a disk that is not clean */
    const char *map;          /* for the names in a backtrace */
    struct observed observed; /* in the time lane */
    struct peer_books *peers; /* of each cell, if clients came; else NULL */
    int64_t wall_ms;
};

/* Fills in status, reason, audit, hashes, metrics, console and backtrace of the sample of guest's cell. */
void judge_cell(struct arena *arena, const struct config *config, const struct plan_guest *guest, size_t cell,
                const struct evidence *evidence, struct sample *sample);

#endif

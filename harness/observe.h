/* SPDX-License-Identifier: MIT */
/*
 * observe.h: watches one guest of the time lane from the host: pins its virtual processor, counts what the core does
 * while the guest runs, and its exits to KVM.  Whatever this host does not allow is left out and said in words.
 */
#ifndef TOLL_OBSERVE_H
#define TOLL_OBSERVE_H

#include "sample.h"
#include <stdbool.h>
#include <sys/types.h>

/* How exits are counted. */
enum observe_exits {
    OBSERVE_EXITS_AUTO, /* by BPF, else by tracepoints, else not at all */
    OBSERVE_EXITS_BPF,
    OBSERVE_EXITS_TRACEPOINTS,
    OBSERVE_EXITS_BOTH, /* and compared: a guest for which they differ fails */
    OBSERVE_EXITS_NONE
};

/* What was seen of a guest, after its end. */
struct observed {
    struct metrics *windows; /* of each measured window, in order */
    size_t count, room;
    struct metrics run;  /* of the whole guest, where windows cannot be told apart */
    const char *how;     /* what was observed and why not more, in words */
    const char *problem; /* two ways of counting differ; or NULL */
};

struct observe;

/* The processor for the virtual one: of those that toll may use, the last that is of the fast kind. */
int observe_processor(struct arena *arena);

/* Pins thread tid, the virtual processor of QEMU's process pid, to the processor, and keeps QEMU's other threads off it
   and its siblings; says in words what was done.  These affinities end with QEMU. */
const char *observe_pin(struct arena *arena, pid_t pid, pid_t tid, int processor);

/* Starts to count.  Never fails. */
struct observe *observe_start(struct arena *arena, pid_t tid, enum observe_exits exits);

/* Ends it; pinned is what observe_pin said. */
void observe_finish(struct arena *arena, struct observe *observe, const char *pinned, struct observed *observed);

/* "auto", "bpf", "tracepoints", "both", "none"; -1 with an error for anything else. */
int observe_exits_parse(const char *text, enum observe_exits *exits, struct error *error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * counts.h: what the counting plugin wrote, one JSON object a line, as metrics of results.
 *
 *      {"event":"main", ...}     main() of a workload was reached, since_boot instructions after the kernel's first
 *      {"event":"window", ...}   a measured window ended
 *      {"event":"exit"}          the plugin ended in good order
 */
#ifndef TOLL_COUNTS_H
#define TOLL_COUNTS_H

#include "sample.h"
#include <stdbool.h>

/* What belongs to the n-th program that reached its main(). */
struct counts_run {
    bool has_boot;
    int64_t boot, boot_arch;
    unsigned windows;
    int64_t ops;            /* operation marks seen in the last window */
    struct metrics metrics; /* of the last window */
    struct metrics before;  /* of the one before it */
    struct strings hops;    /* the way of one of its operations through the domains: see sample.h */
};

struct counts {
    struct counts_run *runs;
    size_t run_count, run_room;
    bool complete;       /* the exit event was seen */
    const char *problem; /* what could not be understood, or NULL */
};

/* An empty or torn file gives what can be understood of it. */
void counts_parse(struct arena *arena, const char *text, size_t bytes, struct counts *counts);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * count.h: the counters, and how QEMU is made to keep them.
 *
 * What is counted are instructions that retired.  QEMU can only tell that an instruction is about to run, so
 * one that faults is taken back when the exception's entry is reached (count_block.c tells how it is recognised), and
 * is counted when it has been restarted and gets through.  Known inexactness, all outside of measured windows in
 * practice: an instruction that overwrites code of its own block runs twice; an exception whose entry is not in
 * the map takes nothing back.
 */
#ifndef TOLL_COUNT_H
#define TOLL_COUNT_H

#include "hierarchy.h"
#include "map.h"
#include "qemu_api.h"

/* Words of one part. */
enum count_part {
    COUNT_PLAIN,      /* instructions, without REP string instructions */
    COUNT_REP_HALVES, /* half iterations of REP string instructions, by their size: 1, 2, 4 and 8 bytes */
    COUNT_REP_STARTS = COUNT_REP_HALVES + 4, /* REP string instructions begun */
    COUNT_REP_EMPTY,                         /* of these, those without an iteration */
    COUNT_FAULTS,                            /* instructions in COUNT_PLAIN that faulted */
    COUNT_MISS, /* of these as many as there are MISSES (hierarchy.h), 0 while the model is off */
    COUNT_PART_WORDS = COUNT_MISS + MISSES
};

/* Words of the whole machine. */
enum count_event {
    COUNT_SYSCALL,
    COUNT_AS_SWITCH,
    COUNT_INVLPG,
    COUNT_WRMSR,
    COUNT_PORT_IO,
    COUNT_MMIO,
    COUNT_HLT,
    COUNT_OPS,
    COUNT_COUNTING,      /* instructions that change books (map.h) */
    COUNT_LAST_ACCESSES, /* accesses by the last instructions of blocks: to recognise faults */
    COUNT_EVENTS
};

struct count_total {
    uint64_t instructions, instructions_arch;
    uint64_t rep, rep_bytes; /* REP string instructions with an iteration, and what they moved or looked at */
};

/* Where a mark, or the first instruction of the kernel, reports to; op: a mark of an operation in that part. */
struct count_hooks {
    void (*mark)(unsigned number);
    void (*op)(unsigned part);
    void (*boot)(void);
};

/* What is counted beside all that costs little. */
struct count_options {
    bool mmio;  /* COUNT_MMIO */
    bool model; /* COUNT_MISS: hierarchy_init has been called */
};

/* Starts counting; called once, when the plugin is loaded.  map must stay.  0 or -1. */
int count_init(uint64_t id, const struct qemu_info *info, const struct map *map, const struct count_hooks *hooks,
               const struct count_options *options);

/* Copies all counters as of now to out, which count_snapshot_new made. */
uint64_t *count_snapshot_new(void);
void count_snapshot(uint64_t *out);

/* Readings of the difference between two snapshots. */
struct count_total count_part_between(const uint64_t *from, const uint64_t *to, unsigned part);
struct count_total count_all_between(const uint64_t *from, const uint64_t *to);
uint64_t count_miss_between(const uint64_t *from, const uint64_t *to, unsigned part, enum hierarchy_miss miss);
uint64_t count_event_between(const uint64_t *from, const uint64_t *to, enum count_event event);
uint64_t count_name_between(const uint64_t *from, const uint64_t *to, unsigned name);
uint64_t count_kind_between(const uint64_t *from, const uint64_t *to, enum map_kind kind);

#endif

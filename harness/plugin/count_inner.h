/* SPDX-License-Identifier: MIT */
/*
 * count_inner.h: what the files that count share: count.c has the counters, count_plant.c plants code that counts in
 * what QEMU translates, count_block.c is told when a block begins.
 */
#ifndef TOLL_COUNT_INNER_H
#define TOLL_COUNT_INNER_H

#include "count.h"
#include "rep.h"

extern const struct map *count_map;

/* The counters: the words of each part, then those of the machine, which lie here. */
extern uint64_t *count_words; /* NULL until the first translation */
extern struct count_places {
    size_t events, kinds, names, end;
} count_at;

static inline size_t count_part_word(unsigned part, unsigned which)
{
    return part * COUNT_PART_WORDS + which;
}

/* Has QEMU call what plants. */
void count_plant_init(uint64_t id, const struct count_hooks *hooks, const struct count_options *options);

/* What is to be known of a block when it runs. */
struct count_block {
    unsigned part;
    unsigned count;                /* of its plain instructions, as far as they are of that part */
    unsigned fault;                /* enum decode_fault of its last one */
    const struct map_entry *entry; /* of an exception or interrupt, with which it begins; or NULL */
    struct hierarchy_fetch fetch;  /* without lines if the model is off */
    struct rep *rep;               /* the REP instruction that it begins with, or NULL */
};

/* Has QEMU tell when a translated block begins. */
void count_block_plant(struct qemu_plugin_tb *tb, const struct count_block *block);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * rep.h: tells the beginning of a REP string instruction from its later iterations.
 *
 * QEMU runs such an instruction again and again until it is done, each time as the first (and only) instruction
 * of a block, except for the first time if instructions stand before it.  So it begins unless
 *
 *      the block before this one also ended with it, or
 *      it was suspended by an exception or interrupt, and the block before this one returned from one.
 *
 * Iterations are counted by accesses to memory (decode.c), which QEMU's final pass with RCX = 0 does not make.
 * A REP instruction that is over without an access had RCX = 0 from the start: it counts as one instruction.
 */
#ifndef TOLL_REP_H
#define TOLL_REP_H

#include "qemu_api.h"

/* Counters of the part that the instruction belongs to. */
struct rep_words {
    uint64_t *starts, *empty, *halves;
};

/* Blocks run so far; whoever sees a block begin adds one. */
extern uint64_t rep_blocks;

/* One at an address. */
struct rep {
    struct rep_words words;
    uint64_t address;
    uint64_t suspended; /* how many runs of it wait for the end of an exception or interrupt */
    struct rep *next;
};

/* The one that ran last, in block number block. */
extern struct rep_last {
    struct rep *rep;
    uint64_t block;
    uint64_t halves; /* its counter when it did; or before an earlier iteration, which is as odd or even */
} rep_last;

/* Watches a REP instruction at address that stands after others in its block. */
void rep_plant(struct qemu_plugin_insn *insn, uint64_t address, struct rep_words words);

/* One that its block begins with: call rep_run whenever that block has been added to rep_blocks; or, where the
   instruction goes on since the block before, rep_go_on instead of both. */
struct rep *rep_first(uint64_t address, struct rep_words words);
void rep_run(struct rep *rep);

static inline bool rep_goes_on(const struct rep *rep)
{
    return rep_last.rep == rep && rep_last.block == rep_blocks && !rep->suspended;
}

static inline void rep_go_on(void)
{
    rep_last.block = ++rep_blocks;
}

/* Watches an iretq. */
void rep_plant_return(struct qemu_plugin_insn *insn);

/* An exception or interrupt was taken: call before the block of its entry is added to rep_blocks. */
void rep_suspend(bool exception);

/* The instruction that was begun last is over: brings the empty counter up to date. */
void rep_finish(void);

#endif

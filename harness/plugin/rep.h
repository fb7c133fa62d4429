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

/* Watches a REP instruction at address; first: it is the first of its block. */
void rep_plant(struct qemu_plugin_insn *insn, uint64_t address, bool first, struct rep_words words);

/* Watches an iretq. */
void rep_plant_return(struct qemu_plugin_insn *insn);

/* An exception or interrupt was taken: call before the block of its entry is added to rep_blocks. */
void rep_suspend(bool exception);

/* The instruction that was begun last is over: brings the empty counter up to date. */
void rep_finish(void);

#endif

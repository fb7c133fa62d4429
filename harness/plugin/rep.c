/* SPDX-License-Identifier: MIT */
/*
 * rep.c: follows REP string instructions from their beginning to their end (see rep.h).
 */
#include "rep.h"

#include <stdlib.h>

#define BUCKETS 1024u

struct rep {
    uint64_t address;
    struct rep_words words;
    uint64_t suspended; /* how many runs of it wait for the end of an exception or interrupt */
    struct rep *next;
};

uint64_t rep_blocks;

static struct rep *table[BUCKETS];

static struct {
    struct rep *rep; /* the one that ran last, in block number block */
    uint64_t block;
    uint64_t pass_halves; /* the counter when it did */
    struct rep *open;     /* the one whose end was not seen yet, if it may still be empty */
    uint64_t open_halves;
} last;

static uint64_t return_block;

static struct rep *find(uint64_t address, struct rep_words words)
{
    struct rep **bucket = &table[(address ^ address >> 10) % BUCKETS], *rep;

    for (rep = *bucket; rep; rep = rep->next)
        if (rep->address == address)
            return rep;
    rep = calloc(1, sizeof(*rep));
    if (!rep)
        abort();
    *rep = (struct rep){.address = address, .words = words, .next = *bucket};
    *bucket = rep;
    return rep;
}

void rep_finish(void)
{
    struct rep *rep = last.open;

    if (rep && *rep->words.halves == last.open_halves)
        ++*rep->words.empty;
    last.open = NULL;
}

static void begin(struct rep *rep)
{
    rep_finish();
    ++*rep->words.starts;
    last.open = rep;
    last.open_halves = *rep->words.halves;
}

static void ran(struct rep *rep)
{
    last.rep = rep;
    last.block = rep_blocks;
    last.pass_halves = *rep->words.halves;
}

/* Runs before a REP instruction that has others before it in its block. */
static void inner_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    begin(data);
    ran(data);
}

/* Runs before one that a block begins with. */
static void first_run(unsigned vcpu, void *data)
{
    struct rep *rep = data;

    (void)vcpu;
    if (rep->suspended && return_block + 1 == rep_blocks)
        rep->suspended--;
    else if (last.rep != rep || last.block + 1 != rep_blocks)
        begin(rep);
    ran(rep);
}

static void return_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    return_block = rep_blocks;
}

void rep_plant(struct qemu_plugin_insn *insn, uint64_t address, bool first, struct rep_words words)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, first ? first_run : inner_run, QEMU_CB_NO_REGS, find(address, words));
}

void rep_plant_return(struct qemu_plugin_insn *insn)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, return_run, QEMU_CB_NO_REGS, NULL);
}

void rep_suspend(bool exception)
{
    if (!last.rep || last.block != rep_blocks)
        return;
    /* An interrupt comes between iterations: without one so far, RCX was 0.  An exception comes within one, perhaps
       when half of it is done, and all of it will be tried again. */
    if (exception) {
        *last.rep->words.halves -= (*last.rep->words.halves - last.pass_halves) & 1;
        last.open = NULL;
    } else {
        rep_finish();
    }
    last.rep->suspended++;
}

/* SPDX-License-Identifier: MIT */
/*
 * rep.c: follows REP string instructions from their beginning to their end (see rep.h).
 */
#include "rep.h"

#include <stdlib.h>

#define BUCKETS 1024u

uint64_t rep_blocks;

static struct rep *table[BUCKETS];

struct rep_last rep_last;

static struct rep *open; /* the one whose end was not seen yet, if it may still be empty */
static uint64_t open_halves;
static uint64_t return_block;

/* Where programs come and go, another REP instruction may stand at an address later: of other words. */
static struct rep *find(uint64_t address, struct rep_words words)
{
    struct rep **bucket = &table[(address ^ address >> 10) % BUCKETS], *rep;

    for (rep = *bucket; rep; rep = rep->next)
        if (rep->address == address && rep->words.halves == words.halves)
            return rep;
    rep = calloc(1, sizeof(*rep));
    if (!rep)
        abort();
    *rep = (struct rep){.words = words, .address = address, .next = *bucket};
    *bucket = rep;
    return rep;
}

void rep_finish(void)
{
    struct rep *rep = open;

    if (rep && *rep->words.halves == open_halves)
        ++*rep->words.empty;
    open = NULL;
}

static void begin(struct rep *rep)
{
    rep_finish();
    ++*rep->words.starts;
    open = rep;
    open_halves = *rep->words.halves;
}

static void ran(struct rep *rep)
{
    rep_last.rep = rep;
    rep_last.block = rep_blocks;
    rep_last.halves = *rep->words.halves;
}

/* Runs before a REP instruction that has others before it in its block. */
static void inner_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    begin(data);
    ran(data);
}

void rep_run(struct rep *rep)
{
    if (rep->suspended && return_block + 1 == rep_blocks)
        rep->suspended--;
    else if (rep_last.rep != rep || rep_last.block + 1 != rep_blocks)
        begin(rep);
    ran(rep);
}

static void return_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    return_block = rep_blocks;
}

void rep_plant(struct qemu_plugin_insn *insn, uint64_t address, struct rep_words words)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, inner_run, QEMU_CB_NO_REGS, find(address, words));
}

struct rep *rep_first(uint64_t address, struct rep_words words)
{
    return find(address, words);
}

void rep_plant_return(struct qemu_plugin_insn *insn)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, return_run, QEMU_CB_NO_REGS, NULL);
}

void rep_suspend(bool exception)
{
    if (!rep_last.rep || rep_last.block != rep_blocks)
        return;
    /* An interrupt comes between iterations: without one so far, RCX was 0.  An exception comes within one, perhaps
       when half of it is done, and all of it will be tried again. */
    if (exception) {
        *rep_last.rep->words.halves -= (*rep_last.rep->words.halves - rep_last.halves) & 1;
        open = NULL;
    } else {
        rep_finish();
    }
    rep_last.rep->suspended++;
}

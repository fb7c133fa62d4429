/* SPDX-License-Identifier: MIT */
/*
 * fpu.h: floating-point registers, which change hands only when somebody uses them: while another thread than their
 * owner runs they are out of reach (CR0.TS), and the exception of the first use moves them.
 */
#ifndef TOLL_MICRO_FPU_H
#define TOLL_MICRO_FPU_H

#include "machine/x86.h"
#include <stdbool.h>
#include <stdint.h>

struct thread;

/* Whose registers are loaded, or NULL; whether they are out of reach; CR0 with TS set. */
extern struct thread *fpu_owner;
extern bool fpu_off;
extern uint64_t fpu_off_cr0;

void fpu_init(void);

/* to will run. */
static inline void fpu_switch(const struct thread *to)
{
    bool off = to != fpu_owner;

    if (__builtin_expect(off == fpu_off, 1))
        return;
    fpu_off = off;
    if (off)
        x86_cr0_set(fpu_off_cr0);
    else
        x86_clts();
}

/* The running thread uses them (exception 7). */
void fpu_take(struct thread *self);

/* t is about to end. */
void fpu_forget(const struct thread *t);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * fpu.h: floating-point registers, which change hands only when somebody uses them: while another thread than their
 * owner runs they are out of reach (CR0.TS), and the exception of the first use moves them.
 */
#ifndef TOLL_MICRO_FPU_H
#define TOLL_MICRO_FPU_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

/* Whose registers are loaded, or NULL; whether they are out of reach; CR0 with TS set. */
extern struct thread *fpu_owner;
extern bool fpu_off;
extern uint64_t fpu_off_cr0;

void fpu_init(void);

/* to will run. */
void fpu_switch(const struct thread *to);

/* The running thread uses them (exception 7). */
void fpu_take(struct thread *self);

/* t is about to end. */
void fpu_forget(const struct thread *t);

#endif

/* SPDX-License-Identifier: MIT */
/* call.h: the ways into this kernel and out of it. */
#ifndef TOLL_MICRO_CALL_H
#define TOLL_MICRO_CALL_H

#include "micro/tcb.h"

/* Makes the SYSCALL instruction lead to call_entry. */
void call_init(void);
void call_entry(void);
void call_entry_slow(void);

/* The running thread goes to ring 3 for the first time; top: of its kernel stack. */
_Noreturn void call_begin(uint64_t top, uint64_t rip, uint64_t rsp);

/* A stack pointer at which switch_stacks goes on with frame. */
uint64_t call_resume_prepare(struct call_frame *frame);

/* Checked copies between the kernel and the running thread's memory: 0 or -EFAULT.  Counted in bytes_copied. */
int call_copy_in(void *to, uint64_t from, uint64_t n);
int call_copy_out(uint64_t to, const void *from, uint64_t n);

int64_t call_null(void);
int64_t call_books(uint64_t address, uint64_t n);
int64_t call_usage(uint64_t which);
int64_t call_log(uint64_t address, uint64_t n);

#endif

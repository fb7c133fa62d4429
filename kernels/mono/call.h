/* SPDX-License-Identifier: MIT */
/* call.h: the ways into this kernel. */
#ifndef TOLL_CALL_H
#define TOLL_CALL_H

#include <stdint.h>

/* Makes the SYSCALL instruction lead to call_entry. */
void call_init(void);
void call_entry(void);

/* What is left to do before a call returns to ring 3: another thread's turn, or this one's end. */
void call_return(void);

/* How a thread leaves for ring 3 at entry with that stack pointer and all other registers zero. */
extern void (*call_enter_user)(uint64_t entry, uint64_t sp);

#endif

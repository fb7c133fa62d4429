/* SPDX-License-Identifier: MIT */
/* switch.h: from one kernel stack to another. */
#ifndef TOLL_SWITCH_H
#define TOLL_SWITCH_H

#include "sched.h"

/* Saves the running context to *from_sp and continues at to_sp, which an earlier call saved or switch_prepare made;
   traps then use the stack that ends at to_top (trap_stack_set).
   The counting plugin counts a thread_switch at its first instruction. */
void switch_stacks(uint64_t *from_sp, uint64_t to_sp, uint64_t to_top);

/* A stack pointer for switch_stacks at which start(thread) begins on the stack that ends at top. */
uint64_t switch_prepare(uint64_t top, void (*start)(struct thread *thread), struct thread *thread);

/* Leaves for the application at entry in ring 0 or ring 3, with that stack pointer and every other register zero. */
_Noreturn void switch_enter_kernel(uint64_t entry, uint64_t sp);
_Noreturn void switch_enter_user(uint64_t entry, uint64_t sp);

/* Goes on with fn(a, b), which must not return, on the stack that ends at top. */
_Noreturn void switch_leave(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b, uint64_t top);

#endif

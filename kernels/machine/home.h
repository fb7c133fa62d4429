/* SPDX-License-Identifier: MIT */
/* home.h: what the homes of parts in ring 0 have alike (home.c): clock, randomness, device memory, console text. */
#ifndef TOLL_HOME_H
#define TOLL_HOME_H

#include "machine/books.h"
#include "machine/trap.h"
#include <stdbool.h>
#include <stdint.h>

/* Processor, memory, interrupts and clock, in the order in which they need each other.  own_stacks: see trap_init;
   user: see paging_init.  In two steps for homes that take memory away (memory_carve) before the allocator gets it. */
void home_start(bool own_stacks);
void home_memory(bool user);
void home_init(bool own_stacks, bool user);

/* Ends the machine, with a record. */
_Noreturn void home_shutdown(int status);

/* Room for the floating-point state of a thread, ready to be loaded; NULL without memory. */
void *home_fpu_make(void);

/* env_thread_reset, less GS. */
void home_thread_reset(void);

/* The part of env_thread_switch that is the same everywhere: all but address spaces. */
struct thread;
void home_thread_switch(struct thread *from, struct thread *to);

/* Handles an interrupt, which is counted. */
void home_interrupt(const struct trap *trap);

/* The access that a page fault tried, as pager.h names it. */
uint32_t home_fault_access(const struct trap *trap);

#endif

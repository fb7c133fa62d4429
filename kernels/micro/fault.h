/* SPDX-License-Identifier: MIT */
/* fault.h: exceptions of ring 3. */
#ifndef TOLL_MICRO_FAULT_H
#define TOLL_MICRO_FAULT_H

#include "machine/trap.h"

/* Sees to an exception of the running thread, from ring 3. */
void fault_user(struct trap *trap, uint64_t address);

/* Nobody does: its process ends.  May return, to tcb_leave. */
void fault_end(const struct trap *trap, uint64_t address);

#endif

/* SPDX-License-Identifier: MIT */
/* stack.h: pages of the application's stacks that parts are the first to touch. */
#ifndef TOLL_UNI_STACK_H
#define TOLL_UNI_STACK_H

#include "machine/trap.h"
#include "pager.h"

/* Brings the spare frames up to their number.  Only where no part is at work: before the application starts, and in
   traps that interrupted it. */
void stack_spares_fill(void);

/* A page fault in a part: if the part only used its stack further than before, brings the page in from the spares. */
bool stack_page_add(const struct trap *trap, struct space *space, uint64_t address);

#endif

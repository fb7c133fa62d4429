/* SPDX-License-Identifier: MIT */
/* library.h: what the files of this folder share that make a library. */
#ifndef TOLL_LIBRARY_H
#define TOLL_LIBRARY_H

#include "machine/domain.h"

/* Handles an upcall; true if it found the library's own code at work, which then goes on undisturbed. */
bool user_upcall(struct upcall *frame);

/* Before control goes back to the program: events, another thread's turn, this one's end. */
void user_leave(void);

/* entry.S, start.S */
__attribute__((visibility("hidden"))) void upcall_entry(void); /* its address is taken, without a table between */
extern char user_stack_top[];

#endif

/* SPDX-License-Identifier: MIT */
/* end.h: the machine's end, and the count of what was not given back. */
#ifndef TOLL_MICRO_END_H
#define TOLL_MICRO_END_H

#include <stdbool.h>
#include <stdint.h>

struct note;
struct process;

/* Whether to count (word `leaks=1`); takes note of what is in use now. */
bool end_counts(void);
void end_count_start(void);

/* Until the machine is to end; then ends it. */
_Noreturn void end_wait(void);

/* Nobody has the right to end the machine any more. */
void end_lost(void);

/* A process has ended, with all its threads. */
void end_process_gone(const struct process *p);

/* A thread has ended to which the note was bound. */
void end_note_unbound(const struct note *n);

int64_t end_call(uint64_t status);
int64_t end_call_last(uint64_t note, uint64_t bits);

#endif

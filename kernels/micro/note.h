/* SPDX-License-Identifier: MIT */
/* note.h: words of bits that wake who waits for them. */
#ifndef TOLL_MICRO_NOTE_H
#define TOLL_MICRO_NOTE_H

#include "micro/tcb.h"

struct note {
    struct object object;
    uint64_t bits;
    struct list waiters;
    struct tcb *bound; /* whose waits at endpoints it ends as well */
};

/* Also in interrupts. */
void note_signal(struct note *n, uint64_t bits);

/* The bits that a thread's bound note has, now cleared. */
uint64_t note_take(struct note *n);

/* Nobody can name it any more: who waits is answered with -EBADF. */
void note_release(struct note *n);

/* The thread ends. */
void note_unbind(struct tcb *t);

int64_t note_call_make(void);
int64_t note_call_signal(uint64_t note, uint64_t bits);
int64_t note_call_wait(uint64_t note, uint64_t deadline_ns);
int64_t note_call_bind(uint64_t note);

#endif

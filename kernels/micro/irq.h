/* SPDX-License-Identifier: MIT */
/* irq.h: lines of devices as processes have them. */
#ifndef TOLL_MICRO_IRQ_H
#define TOLL_MICRO_IRQ_H

#include "micro/note.h"
#include <stdint.h>

struct irq {
    struct object object;
    uint32_t line; /* as bus.h numbers them */
    struct note *note;
    uint64_t bits;
    bool shut;  /* told, and not acknowledged yet */
    bool again; /* fired meanwhile: only message-signalled ones do */
};

/* The line for a process; NULL without memory, or if it is another's. */
struct irq *irq_make(uint32_t line, struct process *owner);

/* Its process ends: nobody is told any more. */
void irq_release(struct irq *i);

int64_t irq_call_bind(uint64_t irq, uint64_t note, uint64_t bits);
int64_t irq_call_ack(uint64_t irq);

#endif

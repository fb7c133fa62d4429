/* SPDX-License-Identifier: MIT */
/* irq.h: device interrupt lines (numbered as in bus.h) and their handlers. */
#ifndef TOLL_IRQ_H
#define TOLL_IRQ_H

#include <stdint.h>

/* Handler for a line, which is then let through.  0, -EBUSY, -EINVAL. */
int irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg);

/* Runs the handler of a device vector and ends the interrupt.  Called by trap_dispatch. */
void irq_run(unsigned vector);

#endif

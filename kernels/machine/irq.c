/* SPDX-License-Identifier: MIT */
/* irq.c: from vectors to handlers. */
#include "machine/irq.h"
#include "base/errno.h"
#include "machine/apic.h"
#include "machine/bus.h"
#include "machine/trap.h"
#include <stddef.h>

static struct {
    void (*handler)(void *arg);
    void *arg;
} lines[TRAP_VECTORS];

int irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    unsigned vector = irq < IRQ_MSI_BASE ? TRAP_GSI(irq) : TRAP_MSI(irq - IRQ_MSI_BASE);

    if ((irq < IRQ_MSI_BASE && irq >= TRAP_GSI_MAX) || irq >= IRQ_MSI_BASE + IRQ_MSI_MAX)
        return -EINVAL;
    if (lines[vector].handler)
        return -EBUSY;
    lines[vector].handler = handler;
    lines[vector].arg = arg;
    if (irq < IRQ_MSI_BASE)
        apic_line_enable(irq, vector);
    return 0;
}

void irq_run(unsigned vector)
{
    if (lines[vector].handler)
        lines[vector].handler(lines[vector].arg);
    if (vector != TRAP_SPURIOUS)
        apic_end_of_interrupt();
}

/* SPDX-License-Identifier: MIT */
/*
 * irq.c: an interrupt is a signal to a note.  The line then stays shut until it is acknowledged: what comes meanwhile
 * is one more signal then.  It is not masked, for lines are edge-triggered: an edge while one is masked would be lost,
 * and without its driver's attention a device makes no further one.
 */
#include "machine/irq.h"
#include "base/errno.h"
#include "machine/apic.h"
#include "machine/bus.h"
#include "machine/trap.h"
#include "micro/irq.h"

static void line_set(const struct irq *i, bool open)
{
    if (i->line >= IRQ_MSI_BASE)
        return;
    if (open)
        apic_line_enable(i->line, TRAP_GSI(i->line));
    else
        apic_line_disable(i->line);
}

static void fired(void *arg)
{
    struct irq *i = arg;

    i->again = i->shut;
    if (i->shut || !i->note)
        return;
    i->shut = true;
    note_signal(i->note, i->bits);
}

struct irq *irq_make(uint32_t line, struct process *owner)
{
    struct irq *i = object_make(OBJECT_IRQ, sizeof *i, owner);

    if (!i)
        return NULL;
    i->line = line;
    if (irq_bind(line, fired, i) == 0) {
        object_get(&i->object); /* the line's own, for ever */
        line_set(i, false);
        return i;
    }
    object_put(&i->object);
    return NULL;
}

void irq_release(struct irq *i)
{
    line_set(i, false);
    if (i->note)
        object_put(&i->note->object);
    i->note = NULL;
}

int64_t irq_call_bind(uint64_t irq, uint64_t note, uint64_t bits)
{
    struct irq *i = handle_object(irq, OBJECT_IRQ);
    struct note *n = handle_object(note, OBJECT_NOTE);

    if (!i || !n || i->object.dead)
        return -EBADF;
    object_get(&n->object);
    irq_release(i);
    i->note = n;
    i->bits = bits;
    i->shut = i->again = false;
    line_set(i, true);
    return 0;
}

int64_t irq_call_ack(uint64_t irq)
{
    struct irq *i = handle_object(irq, OBJECT_IRQ);

    if (!i)
        return -EBADF;
    if (!i->shut)
        return 0;
    i->shut = false;
    if (i->again)
        fired(i);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * serial.c: the serial port of the console's part: what the kernel lets this environment have of it.  Its interrupt is
 * EVENT_INPUT.
 */
#include "machine/serial.h"
#include "base/errno.h"
#include "env.h"
#include "exo/library/library.h"

static void (*input_handler)(void *arg);
static void *input_arg;

bool serial_init(void)
{
    return true;
}

void serial_write(const void *bytes, size_t n)
{
    exo_call(EXO_CONSOLE_WRITE, (uint64_t)bytes, n);
}

size_t serial_read(void *bytes, size_t n)
{
    int64_t taken = exo_call(EXO_CONSOLE_READ, (uint64_t)bytes, n);

    return taken > 0 ? (size_t)taken : 0;
}

/* The kernel tells of input from the first call on that asks for it. */
void serial_interrupt_set(bool on)
{
    (void)on;
}

/* The console's line is the only one that leads here. */
int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    (void)irq;
    if (exo_call(EXO_CONSOLE_LISTEN) != 1)
        return -EBUSY;
    input_handler = handler;
    input_arg = arg;
    return 0;
}

void serial_event(void)
{
    if (input_handler)
        input_handler(input_arg);
}

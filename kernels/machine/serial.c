/* SPDX-License-Identifier: MIT */
/*
 * serial.c: a 16550 with its FIFOs on.  When the transmitter reports that it is empty, a whole FIFO of bytes may
 * follow without asking again, so one status read is paid for sixteen bytes.
 */
#include "machine/serial.h"
#include "machine/port.h"

#define COM1 0x3f8
#define FIFO_BYTES 16
#define DIVISOR_115200 1

enum {
    REG_DATA = COM1,
    REG_DIVISOR_LOW = COM1,
    REG_DIVISOR_HIGH = COM1 + 1,
    REG_INTERRUPTS = COM1 + 1,
    REG_FIFO = COM1 + 2,
    REG_LINE = COM1 + 3,
    REG_MODEM = COM1 + 4,
    REG_STATUS = COM1 + 5,
    REG_SCRATCH = COM1 + 7,
};

#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define FIFO_ENABLE_CLEAR 0x07
#define MODEM_DTR_RTS 0x03
#define MODEM_INTERRUPTS 0x08 /* OUT2 gates the interrupt line on a PC */
#define INTERRUPT_INPUT 0x01
#define STATUS_INPUT 0x01
#define STATUS_OUTPUT_EMPTY 0x20

static bool started;
static bool absent; /* false until serial_init has looked, so that a panic before it is seen */

bool serial_init(void)
{
    static const uint8_t probe_value = 0x5a;
    if (started)
        return !absent;
    started = true;
    port_out8(REG_SCRATCH, probe_value);
    absent = port_in8(REG_SCRATCH) != probe_value;
    if (absent)
        return false;
    port_out8(REG_INTERRUPTS, 0);
    port_out8(REG_LINE, LINE_DIVISOR | LINE_8N1);
    port_out8(REG_DIVISOR_LOW, DIVISOR_115200);
    port_out8(REG_DIVISOR_HIGH, 0);
    port_out8(REG_LINE, LINE_8N1);
    port_out8(REG_FIFO, FIFO_ENABLE_CLEAR);
    port_out8(REG_MODEM, MODEM_DTR_RTS);
    return true;
}

void serial_write(const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    while (!absent && n) {
        size_t burst = n < FIFO_BYTES ? n : FIFO_BYTES;
        while (!(port_in8(REG_STATUS) & STATUS_OUTPUT_EMPTY))
            __builtin_ia32_pause();
        port_out8_all(REG_DATA, from, burst);
        from += burst;
        n -= burst;
    }
}

size_t serial_read(void *bytes, size_t n)
{
    uint8_t *to = bytes;
    size_t taken = 0;
    while (!absent && taken < n && (port_in8(REG_STATUS) & STATUS_INPUT))
        to[taken++] = port_in8(REG_DATA);
    return taken;
}

void serial_interrupt_set(bool on)
{
    if (absent)
        return;
    port_out8(REG_MODEM, on ? MODEM_DTR_RTS | MODEM_INTERRUPTS : MODEM_DTR_RTS);
    port_out8(REG_INTERRUPTS, on ? INTERRUPT_INPUT : 0);
}

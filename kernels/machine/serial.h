/* SPDX-License-Identifier: MIT */
/*
 * serial.h: the first serial port (COM1, a 16550).  Output is polled, so that it works with interrupts off and
 * after a panic; input may be polled or announced by interrupt SERIAL_IRQ.  Nothing here sleeps, and all of it is
 * usable in interrupt context.
 */
#ifndef TOLL_SERIAL_H
#define TOLL_SERIAL_H

#include "machine/bus.h"
#include <stdbool.h>
#include <stddef.h>

#define SERIAL_IRQ IRQ_GSI(4)

/* Sets the port up: 115200 baud, 8N1, FIFOs on, interrupts off; does nothing the second time.  False if there is no
   port: then output vanishes and no input comes. */
bool serial_init(void);

/* Sends n bytes and returns when the last is in the port's FIFO. */
void serial_write(const void *bytes, size_t n);

/* Takes up to n bytes that have arrived; how many.  Reading all of them ends the interrupt's cause. */
size_t serial_read(void *bytes, size_t n);

/* Turns the interrupt for arriving bytes on or off. */
void serial_interrupt_set(bool on);

#endif

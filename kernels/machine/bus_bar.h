/* SPDX-License-Identifier: MIT */
/* bus_bar.h: the memory of a PCI function, function 0 of a device on bus 0. */
#ifndef TOLL_BUS_BAR_H
#define TOLL_BUS_BAR_H

#include <stdint.h>

/* Bytes [offset, offset + bytes) of the memory that base address register n describes; NULL if it describes none or
   cannot get an address.  Memory decoding must be off while a register without an address may be met. */
volatile uint8_t *bus_bar_map(unsigned device, unsigned n, uint32_t offset, uint32_t bytes);

#endif

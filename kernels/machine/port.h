/* SPDX-License-Identifier: MIT */
/* port.h: the x86's I/O ports for drivers that may run in any domain: what is behind these the home decides (port.c:
   the instructions). */
#ifndef TOLL_PORT_H
#define TOLL_PORT_H

#include <stddef.h>
#include <stdint.h>

uint8_t port_in8(uint16_t port);
void port_out8(uint16_t port, uint8_t value);

/* n bytes, one after the other, to the same port. */
void port_out8_all(uint16_t port, const uint8_t *bytes, size_t n);

#endif

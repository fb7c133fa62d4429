/* SPDX-License-Identifier: MIT */
/* port.c: ports for domains that may use the instructions: those in ring 0. */
#include "machine/port.h"
#include "machine/x86.h"

uint8_t port_in8(uint16_t port)
{
    return x86_in8(port);
}

void port_out8(uint16_t port, uint8_t value)
{
    x86_out8(port, value);
}

void port_out8_all(uint16_t port, const uint8_t *bytes, size_t n)
{
    __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(n) : "d"(port) : "memory");
}

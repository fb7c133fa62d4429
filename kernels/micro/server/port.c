/* SPDX-License-Identifier: MIT */
/*
 * port.c: ports in ring 3: by the instructions, for which the process has its ports in the I/O permission bitmap; or,
 * with ports=call on the command line, by a system call each.
 */
#include "machine/port.h"
#include "machine/x86.h"
#include "micro/client/client.h"

static bool by_call(void)
{
    static enum { UNKNOWN, INSTRUCTION, CALL } way;

    if (way == UNKNOWN)
        way = client_word("ports=call") ? CALL : INSTRUCTION;
    return way == CALL;
}

uint8_t port_in8(uint16_t port)
{
    return by_call() ? (uint8_t)user_call(MICRO_PORT_IN, port, 1, 0, 0, 0, 0) : x86_in8(port);
}

void port_out8(uint16_t port, uint8_t value)
{
    if (by_call())
        user_call(MICRO_PORT_OUT, port, 1, value, 0, 0, 0);
    else
        x86_out8(port, value);
}

void port_out8_all(uint16_t port, const uint8_t *bytes, size_t n)
{
    if (!by_call())
        __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(n) : "d"(port) : "memory");
    else
        while (n--)
            user_call(MICRO_PORT_OUT, port, 1, *bytes++, 0, 0, 0);
}

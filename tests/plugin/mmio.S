/* SPDX-License-Identifier: MIT */
//! plugin mmio=on
/*
 * mmio.S: accesses to device registers, counted on request, and only they.
 */
#include "guest.h"

/* 0: three reads, two writes, one of both (two accesses), and memory */
//? window 0 mmio 7
//? window 0 instructions 9
//? window 1 mmio 0

        .globl test
        PART(kernel, test)
test:   mov $LAPIC, %ebp
        BEGIN
        mov 0x20(%rbp), %eax
        mov 0x30(%rbp), %eax
        mov %eax, scratch
        mov 0xf0(%rbp), %eax
        mov %eax, 0x80(%rbp)
        nop
        movl $0, 0x80(%rbp)
        orl $0, 0x80(%rbp)
        mov scratch, %eax
        END
        BEGIN
        mov %eax, scratch
        END
        ret
        END_PART(kernel, test)

        .bss
scratch:
        .skip 8

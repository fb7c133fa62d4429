/* SPDX-License-Identifier: MIT */
/*
 * page.S: an instruction that lies on two pages.  QEMU ends a block before it; what stands before it in the block counts
 * all the same, and it counts once.
 */
#include "guest.h"

/* 0: ten times 6: two, the one on two pages, a load, dec and jnz */
//? window 0 instructions 61
//? window 0 instructions_arch 61
//? window 0 domains.kernel.parts.test.instructions 61
/* 1: the instruction ends with its page */
//? window 1 instructions 31
/* 2: it is the first of its block, and of a part of its own */
//? window 2 instructions 41
//? window 2 domains.kernel.parts.test.instructions 11
//? window 2 domains.kernel.parts.late.instructions 10

#define TO_PAGE_END(n) .balign 4096; .skip 4096 - (n), 0x90

        .globl test
        PART(kernel, test)
test:   mov $data, %ebx
        mov $10, %ecx
        BEGIN
        jmp 1f
        TO_PAGE_END(7)
1:      mov %rdx, %rax
        xor %edx, %edx
        mov $8, %r8d
        mov (%rbx), %rax
        dec %ecx
        jnz 1b
        END
        mov $10, %ecx
        BEGIN
        jmp 1f
        TO_PAGE_END(5)
1:      mov $8, %edx
        dec %ecx
        jnz 1b
        END
        mov $10, %ecx
        BEGIN
        jmp 1f
        TO_PAGE_END(5)
1:      jmp 2f
        nop
        END_PART(kernel, test)
        PART(kernel, late)
2:      mov $8, %edx
        END_PART(kernel, late)
        PART(kernel, rest)
        dec %ecx
        jnz 1b
        END
        ret
        END_PART(kernel, rest)

        .data
data:   .quad 1

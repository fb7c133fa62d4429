/* SPDX-License-Identifier: MIT */
/*
 * books.S: instructions that change a domain's own counters are counted as such, whatever form the compiler gave them.
 */
#include "guest.h"

/* 0: 6 instructions on counters, among others */
//? window 0 counting 6
//? window 0 instructions 14
//? window 0 miss absent
/* 1: in a loop: one each time */
//? window 1 counting 10
//? window 2 counting 0

        .globl test, books.own.start, books.own.end
        PART(kernel, test)
test:   mov $target, %ebx
        BEGIN
        incq counters(%rip)
        addq $1, counters + 8(%rip)
        addq $1000, counters + 8(%rip)
        add %rbx, counters + 72(%rip)
        mov counters + 16(%rip), %rax
        nop
        lea 1(%rax), %rax
        mov %rax, counters + 16(%rip)
        lea counters(%rip), %rax
        incq target(%rip)
        incq before(%rip)
        mov %rax, (%rbx)
        decl target(%rip)
        cmpl $1, target(%rip)
        END
        mov $10, %ecx
        BEGIN
1:      incq counters(%rip)
        dec %ecx
        jnz 1b
        END
        BEGIN
        nop
        END
        ret
        END_PART(kernel, test)

        .bss
        .balign 64
before: .skip 8
books.own.start:
counters:
        .skip 80
books.own.end:
target: .skip 8

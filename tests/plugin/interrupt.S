/* SPDX-License-Identifier: MIT */
//! icount
/*
 * interrupt.S: a timer interrupts code and REP instructions at many places; what is interrupted counts as if it
 * were not, and the handler exactly as often as it was entered.  Needs icount, by which the timer runs.
 */
#include "guest.h"

#define PERIOD 1777

/* 0: 2 + 100 * (4 + 500 + 1 + 2), arch 2 + 100 * (4 + 1 + 1 + 2) */
//? window 0 domains.kernel.parts.test.instructions 50702
//? window 0 domains.kernel.parts.test.instructions_arch 802
//? window 0 domains.kernel.parts.handler.instructions 5*interrupt
//? window 0 domains.other.instructions 0
//? window 0 exception 0
/* 1: 1 + 5000 * 12 */
//? window 1 domains.kernel.parts.test.instructions 60001
//? window 1 domains.kernel.parts.test.instructions_arch 60001
//? window 1 domains.kernel.parts.handler.instructions 5*interrupt
//? window 1 entry.timer 1*interrupt
/* 2: an endless REP of 0 iterations: 1 + 20000 * 3 */
//? window 2 domains.kernel.parts.test.instructions 60001
//? window 2 domains.kernel.parts.test.instructions_arch 60001
//? window 2 domains.kernel.parts.handler.instructions 5*interrupt
/* 3: hlt */
//? window 3 hlt 1
//? window 3 interrupt 1
//? window 3 domains.kernel.parts.test.instructions 4
/* 4: device registers in the middle of a block, where icount makes QEMU stop and begin again */
//? window 4 interrupt 0
//? window 4 instructions 24
//? window 4 domains.kernel.instructions 24

        .globl test
        PART(kernel, test)
test:   GATE(0x40, entry.interrupt.timer)
        mov $LAPIC, %ebp
        movl $0x1ff, 0xf0(%rbp)
        movl $0xb, 0x3e0(%rbp)          /* divide by 1 */
        movl $0x20040, 0x320(%rbp)      /* periodic, vector 0x40 */
        movl $PERIOD, 0x380(%rbp)
        sti
        BEGIN
        mov $100, %ebx
        xor %eax, %eax
1:      mov $500, %ecx
        mov $buffer, %edi
        mov %edi, %esi
        nop
        rep movsb
        rep stosb
        dec %ebx
        jnz 1b
        END
        cmpl $20, ticks
        jb fail

        BEGIN
        mov $5000, %ebx
1:      mov %ebx, buffer
        mov buffer, %eax
        push %rax
        call 2f
        pop %rax
        add %eax, %eax
        lea 1(%rax), %eax
        lock incl buffer
        incl buffer
        dec %ebx
        jnz 1b
        END

        xor %ecx, %ecx
        BEGIN
        mov $20000, %ebx
1:      rep stosb
        dec %ebx
        jnz 1b
        END
        cmpl $70, ticks
        jb fail

        mov ticks, %eax
        cli
        mov %ebx, %ebx
        BEGIN
        nop
        sti
        hlt
        cli
        END
        BEGIN
        .rept 4
        mov 0x30(%rbp), %eax
        mov %eax, 0x80(%rbp)
        nop
        mov 0x20(%rbp), %eax
        mov 0xf0(%rbp), %eax
        add %eax, %eax
        .endr
        END
        movl $0, 0x380(%rbp)
        jmp finish

2:      ret

fail:   ud2

        END_PART(kernel, test)

        PART(kernel, handler)
ENTRY(interrupt, timer)
        push %rax
        movl $0, 0xb0(%rbp)             /* end of interrupt */
        incl ticks
        pop %rax
        iretq
        END_PART(kernel, handler)

        .bss
ticks:  .skip 8
buffer: .skip 1024

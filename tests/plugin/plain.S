/* SPDX-License-Identifier: MIT */
/*
 * plain.S: instructions without events: straight lines, loops, calls between parts, SSE, marks in odd places.
 */
#include "guest.h"

//? window 0 instructions 0
//? window 0 ops 0
//? window 1 instructions 10
//? window 1 instructions_arch 10
//? window 1 domains.kernel.parts.a.instructions 10
//? window 1 domains.kernel.parts.b.instructions 0
//? window 1 ops 0
/*  2: 1 (mov) + 1000 * (a: 4, b: 4) */
//? window 2 instructions 8001
//? window 2 ops 1000
//? window 2 domains.kernel.instructions 8001
//? window 2 domains.kernel.parts.a.instructions 4001
//? window 2 domains.kernel.parts.b.instructions 4000
//? window 2 domains.other.instructions 0
/*  3: fall through from part a (3) to part b (2), no jump between */
//? window 3 domains.kernel.parts.a.instructions 3
//? window 3 domains.kernel.parts.b.instructions 2
/*  4: 700 NOPs are more than one block of QEMU's */
//? window 4 instructions 700
/*  5: begin twice counts from the second */
//? window 5 instructions 2
//? window 5 ops 1
//? window 5 syscall 0
//? window 5 exception 0
//? window 5 interrupt 0
//? window 5 mmio null
//? main 0 since_boot_arch 1*since_boot
//? exit 0 event exit

        .globl test
        PART(kernel, a)
test:   MAIN
        BEGIN
        END

        BEGIN
        mov $1, %eax
        add %eax, %ebx
        movd %eax, %xmm0
        paddd %xmm0, %xmm0
        movups %xmm0, scratch
        lock incl scratch
        push %rax
        pop %rcx
        xchg %eax, scratch
        lea 3(%rax), %rcx
        END

        BEGIN
        mov $1000, %ecx
1:      call callee
        OP
        nop
        dec %ecx
        jnz 1b
        END

        BEGIN
        nop
        add %eax, %ecx
        nop
        END_PART(kernel, a)
        PART(kernel, b)
        mov scratch, %eax
        nop
        END
        jmp 2f

callee: incl scratch
        mov %rsp, %rax
        cmp %rax, %rsp
        ret

2:      BEGIN
        .rept 700
        nop
        .endr
        END

        BEGIN
        mov $1, %eax
        OP
        BEGIN
        mov $1, %eax
        OP
        nop
        END
        END
        ret
        END_PART(kernel, b)

        .bss
scratch:
        .skip 64

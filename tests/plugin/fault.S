/* SPDX-License-Identifier: MIT */
/*
 * fault.S: exceptions in ring 3.  An instruction that faults and is restarted counts once, wherever it stands in
 * QEMU's blocks; one that only traps, or whose successor cannot be fetched, is not taken back.  Page faults in
 * HOLE are answered with pages that already have contents (`pages`).
 */
#include "guest.h"

/*  0: in the middle of a block; 1: no fault the second time */
//? window 0 exception 1
//? window 0 domains.app.instructions 3
//? window 0 entry.page_fault 1
//? window 1 exception 0
//? window 1 instructions 3
/*  2: ret; 3: call; 4: jmp through memory; 5: call through memory */
//? window 2 exception 1
//? window 2 domains.app.instructions 3
//? window 3 exception 1
//? window 3 domains.app.instructions 3
//? window 4 exception 1
//? window 4 domains.app.instructions 2
//? window 5 exception 2
//? window 5 domains.app.instructions 3
/*  6: jmp to a page that cannot be fetched yet; 7: ret to one */
//? window 6 exception 1
//? window 6 domains.app.instructions 5
//? window 6 domains.other.instructions 2
//? window 7 exception 1
//? window 7 domains.app.instructions 5
//? window 7 domains.other.instructions 2
/*  8: stosb over two such pages; 9: movsb, whose write faults after its read */
//? window 8 exception 2
//? window 8 domains.app.instructions 103
//? window 8 domains.app.instructions_arch 4
//? window 9 exception 1
//? window 9 domains.app.instructions 13
//? window 9 domains.app.instructions_arch 4
/* 10: int3 is done; 11: ud2 never is */
//? window 10 exception 1
//? window 10 domains.app.instructions 2
//? window 10 domains.kernel.parts.handler.instructions 1
//? window 11 exception 1
//? window 11 domains.app.instructions 2
//? window 11 domains.kernel.parts.handler.instructions 2
/* 12: code that runs from one such page into the next */
//? window 12 exception 2
//? window 12 domains.app.instructions 3
//? window 12 domains.other.instructions 2
/* 13: a fault that is not restarted: the instruction never retired */
//? window 13 exception 1
//? window 13 domains.app.instructions 2
/* 14: into an instruction whose second half cannot be fetched yet, after one that was */
//? window 14 exception 2
//? window 14 domains.app.instructions 3
//? window 14 domains.other.instructions 3

        .globl test
        PART(kernel, setup)
test:   GATE(3, entry.exception.breakpoint)
        GATE(6, entry.exception.undefined)
        GATE(14, entry.exception.page_fault)
        GATE(13, entry.exception.protection)
        GATE(0x80, finish)
        movq $ret_target, pages + 0x1000
        movq $jmp_target, pages + 0x3000
        movq $call_target, pages + 0x4000
        movl $0xe0ff90, pages + 0x6000          /* nop; jmp *%rax */
        movl $0xe0ff90, pages + 0x7000
        movl $0x240c8b00, pages + 0xaffc        /* mov (%rsp), %ecx at the end of its page */
        movl $0xe0ff, pages + 0xb000            /* jmp *%rax */
        movl $0x8b240c8b, pages + 0xdffc        /* mov (%rsp), %ecx; mov 4(%rsp), %ecx on two pages; jmp *%rax */
        movl $0xff04244c, pages + 0xe000
        movl $0xe0, pages + 0xe004
        push $USER_DATA
        push $user_stack_end
        push $2
        push $USER_CODE
        push $user
        iretq
        END_PART(kernel, setup)

        PART(kernel, handler)
ENTRY(exception, page_fault)
        push %rax
        push %rdi
        mov %cr2, %rdi
        call make_page
        pop %rdi
        pop %rax
        add $8, %rsp
        iretq

ENTRY(exception, breakpoint)
        iretq

ENTRY(exception, undefined)
        addq $2, (%rsp)
        iretq

ENTRY(exception, protection)
        incq 8(%rsp)            /* over the hlt */
        add $8, %rsp
        iretq
        END_PART(kernel, handler)

#define STACK mov $user_stack_end, %esp

        PART(app, test)
user:   BEGIN
        mov $1, %eax
        mov %eax, HOLE
        nop
        END
        BEGIN
        mov $1, %eax
        mov %eax, HOLE
        nop
        END

        BEGIN
        mov $HOLE + 0x1000, %esp
        ret
        nop
ret_target:
        nop
        END
        BEGIN
        mov $HOLE + 0x3000, %esp
        call 1f
        nop
1:      nop
        END
        STACK
        BEGIN
        jmp *HOLE + 0x3000
        nop
jmp_target:
        nop
        END
        mov $HOLE + 0x6000, %esp
        BEGIN
        nop
        call *HOLE + 0x4000
        nop
call_target:
        nop
        END
        STACK

        mov $1f, %eax
        BEGIN
        mov $HOLE + 0x6000, %edx
        nop
        jmp *%rdx
        nop
1:      nop
        nop
        END
        mov $1f, %eax
        BEGIN
        mov $HOLE + 0x7000, %edx
        push %rdx
        ret
        nop
1:      nop
        nop
        END

        BEGIN
        mov $HOLE + 0x9000 - 50, %edi
        xor %eax, %eax
        mov $100, %ecx
        rep stosb
        END
        BEGIN
        mov $user, %esi
        mov $HOLE + 0xc000, %edi
        mov $10, %ecx
        rep movsb
        END

        BEGIN
        int3
        nop
        END
        BEGIN
        nop
        ud2
        nop
        END

        BEGIN
        mov $1f, %eax
        mov $HOLE + 0xaffd, %edx
        jmp *%rdx
1:      END
        BEGIN
        nop
        hlt
        nop
        END
        STACK
        BEGIN
        mov $1f, %eax
        mov $HOLE + 0xdffc, %edx
        jmp *%rdx
1:      END
        int $0x80
        END_PART(app, test)

        .bss
        .balign 16
        .skip 4096
user_stack_end:

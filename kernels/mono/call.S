/* SPDX-License-Identifier: MIT */
/*
 * call.S: the SYSCALL instruction's way in and out.
 *
 * In:  rdi number, rsi rdx r10 r8 r9 rax the six arguments (stub.S puts them there), rcx return address, r11 flags.
 * Out: rax result.  A call is a C call to the application: only what the ABI makes callee-saved comes back; the rest
 *      is cleared, so that nothing of the kernel is left in it.
 */
#include "machine/books.h"

.macro CALL_ENTER
    mov %rsp, call_user_sp(%rip)
    mov trap_stack_top(%rip), %rsp
    push call_user_sp(%rip)
.endm
.macro CALL_LEAVE
    pop %rcx
    pop %r11
    pop %rsp
.endm

    .text
    .globl call_entry
call_entry:
#include "mono/call.inc"

    .section .bss
    .balign 8
call_user_sp: .skip 8

    .section .note.GNU-stack, "", @progbits

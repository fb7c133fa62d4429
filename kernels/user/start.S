/* SPDX-License-Identifier: MIT */
/* start.S: a domain's first instructions, and its way into the kernel. */
#include "machine/domain.h"

    .text
    .globl user_entry, user_call, user_stack_top

user_entry:
    lea user_stack_top(%rip), %rsp
    xor %ebp, %ebp
    call home_entry
    ud2

user_call:                          /* rdi number; the fourth argument may not stay in rcx, the seventh is on the stack */
    mov %rcx, %r10
    mov 8(%rsp), %rax
    syscall
    ret

    .section .bss
    .balign 16
    .skip DOMAIN_STACK_BYTES
user_stack_top:

    .section .note.GNU-stack, "", @progbits

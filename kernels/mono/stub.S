/* SPDX-License-Identifier: MIT */
/*
 * stub.S: os_syscall in the application: a trap.  SYSCALL overwrites rcx and r11, so the fourth C argument travels in
 * r10, and the seventh, which the caller has on its stack, in rax.
 */
    .section .text.glue, "ax"
    .globl os_syscall
os_syscall:
    mov %rcx, %r10
    mov 8(%rsp), %rax
    syscall
    ret

    .section .note.GNU-stack, "", @progbits

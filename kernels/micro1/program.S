/* SPDX-License-Identifier: MIT */
/*
 * program.S: what lies in every program's space besides the program: how it calls the system, and how its threads begin.
 * The system is the pager of its threads, which handle 0 of a call means.
 */
#include "machine/domain.h"
#include "micro/micro.h"

    .section .text.user_gate, "ax"

/* os_syscall (stub.S): rdi number, rsi rdx rcx the first arguments; the others the system finds on the stack. */
program_call:
    push 8(%rsp)
    push %r9
    push %r8
    mov %rsi, %r10
    mov %rdx, %r8
    mov %rcx, %r9
    mov %rdi, %rdx
    mov %rsp, %rax
    xor %edi, %edi
    xor %esi, %esi
    syscall
    add $24, %rsp
    test %edx, %edx
    jnz 1f
    mov %r10, %rax
    ret
1:  push %r10                       /* the thread's FS base is another one now */
    mov %r8, %rdi
    call program_tls
    pop %rax
    ret

    .balign 64
program_start:                      /* on the stack: FS base, where to begin */
    pop %rdi
    call program_tls
    .irp r, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    xor %\r, %\r
    .endr
    ret

    .section .note.GNU-stack, "", @progbits

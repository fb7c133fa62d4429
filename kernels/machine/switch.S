/* SPDX-License-Identifier: MIT */
/* switch.S: stack switches.  Only what the ABI makes callee-saved has to be kept. */
#include "machine/x86.h"

    .text
    .globl switch_stacks, switch_prepare, switch_enter_kernel, switch_enter_user, switch_leave

switch_stacks:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    mov %rdx, trap_tss + 4(%rip)    /* rsp[0]; only now: the pushes may have faulted, on the old stack */
    mov %rdx, trap_stack_top(%rip)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret

switch_prepare:                     /* rdi top, rsi start, rdx thread */
    and $-16, %rdi
    lea -64(%rdi), %rax
    movq $0, 56(%rax)               /* so that start finds the stack as after a call */
    lea switch_start(%rip), %rcx
    mov %rcx, 48(%rax)              /* ret goes here */
    movq $0, 40(%rax)               /* rbp */
    mov %rsi, 32(%rax)              /* rbx: start */
    mov %rdx, 24(%rax)              /* r12: thread */
    movq $0, 16(%rax)
    movq $0, 8(%rax)
    movq $0, (%rax)
    ret

switch_start:
    mov %r12, %rdi
    call *%rbx
    ud2

switch_leave:                       /* rdi fn, rsi a, rdx b, rcx top */
    mov %rcx, %rsp
    and $-16, %rsp
    xor %ebp, %ebp
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    call *%rax
    ud2

.macro CLEAR
    .irp r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    xor %\r, %\r
    .endr
.endm

switch_enter_kernel:
    push $SEL_KERNEL_DATA
    push %rsi
    push $FLAGS_IF | 2
    push $SEL_KERNEL_CODE
    push %rdi
    CLEAR
    iretq

switch_enter_user:
    push $SEL_USER_DATA
    push %rsi
    push $FLAGS_IF | 2
    push $SEL_USER_CODE
    push %rdi
    CLEAR
    iretq

    .section .note.GNU-stack, "", @progbits

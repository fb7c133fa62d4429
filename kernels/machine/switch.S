/* SPDX-License-Identifier: MIT */
/* switch.S: stack switches.  Only what the ABI makes callee-saved has to be kept. */
#include "machine/x86.h"

.macro SWITCH_TOP
    mov %rdx, trap_tss + 4(%rip)    /* rsp[0] */
    mov %rdx, trap_stack_top(%rip)
.endm
#include "machine/switch_common.inc"

    .globl switch_enter_kernel, switch_enter_user
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

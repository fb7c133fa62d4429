/* SPDX-License-Identifier: MIT */
/*
 * trap_move.S: the frame moves to the running thread's stack in the domain, so that the handler may sleep and the
 * application's own stack need not be mapped.  If that stack was in use when the trap came (a trap within a
 * handler), the frame goes below what is in use.
 */
#include "machine/x86.h"

#define STACK_BYTES 16384
#define FRAME_BYTES 56 /* vector, error, rip, cs, flags, rsp, ss */

    .text
    .globl trap_common
trap_common:
    push %rax
    push %rcx
    mov 56(%rsp), %rax              /* the interrupted stack pointer */
    mov trap_stack_top(%rip), %rcx
    sub %rax, %rcx
    cmp $STACK_BYTES, %rcx
    jb 1f
    mov trap_stack_top(%rip), %rax
1:  and $-16, %rax
    sub $FRAME_BYTES + 8, %rax      /* the processor keeps frames aligned to 16 at ss + 8 */
    .irp offset, 16, 24, 32, 40, 48, 56, 64
    mov \offset(%rsp), %rcx
    mov %rcx, \offset - 16 + 8(%rax)
    .endr
    mov 8(%rsp), %rcx               /* rax as it was */
    mov %rcx, (%rax)
    mov (%rsp), %rcx
    mov %rax, %rsp
    pop %rax
#include "machine/trap_common.inc"

    .section .note.GNU-stack, "", @progbits

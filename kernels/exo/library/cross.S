/* SPDX-License-Identifier: MIT */
/* cross.S: exceptions made on purpose, and an upcall entry that only goes on behind them (cross.c). */
#include "machine/x86.h"

/* Offsets in struct upcall (cross.c asserts them). */
#define FRAME_VECTOR 120
#define FRAME_RIP 136

    .text
    .globl cross_trap, cross_fault, upcall_entry_cross

cross_trap:
    int3
    ret

cross_fault:                        /* rdi: an address with no page */
    cmpb $0, (%rdi)
cross_faulted:
    ret

upcall_entry_cross:                 /* rsp: a struct upcall */
    mov %rsp, %rdi
    cmpq $VECTOR_PF, FRAME_VECTOR(%rdi)
    jne user_resume
    lea cross_faulted(%rip), %rax
    mov %rax, FRAME_RIP(%rdi)
    jmp user_resume

    .section .note.GNU-stack, "", @progbits

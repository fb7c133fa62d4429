/* SPDX-License-Identifier: MIT */
/*
 * trap_stubs.S: one stub a vector.  Those exceptions for which the processor pushes no error code get a zero, so that
 * all frames look alike (SDM 3A table 6-1).
 */
#include "machine/x86.h"

#define HAS_ERROR(n) ((n) == 8 || ((n) >= 10 && (n) <= 14) || (n) == 17 || (n) == 21 || (n) == 29 || (n) == 30)

    .text
    .altmacro
.macro STUB kind, n
    .globl entry_\kind\()_\n
entry_\kind\()_\n:
    .if !HAS_ERROR(\n)
    push $0
    .endif
    push $\n
    jmp trap_common
.endm

.macro TABLE kind, n
    .quad entry_\kind\()_\n
.endm

.macro ALL what
    .set i, 0
    .rept 32
    \what exception, %i
    .set i, i + 1
    .endr
    .rept 96
    \what interrupt, %i
    .set i, i + 1
    .endr
.endm

    ALL STUB

    .section .data.rel.ro, "aw"
    .balign 8
    .globl trap_stubs
trap_stubs:
    ALL TABLE

    .section .note.GNU-stack, "", @progbits

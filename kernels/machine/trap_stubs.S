/* SPDX-License-Identifier: MIT */
/* trap_stubs.S: the stubs to which the processor's table leads. */
#include "machine/trap_stubs.inc"

.macro TRAP_JUMP
    jmp trap_common
.endm
.macro GLOBAL kind, n
    .globl entry_\kind\()_\n
.endm

    .text
    TRAP_ALL GLOBAL
    TRAP_ALL TRAP_STUB

    .section .data.rel.ro, "aw"
    .balign 8
    .globl trap_stubs
trap_stubs:
    TRAP_ALL TRAP_ENTRY

    .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: MIT */
/* trap_stay.S: the frame stays where the processor put it. */
    .text
    .globl trap_common
trap_common:
#include "machine/trap_common.inc"

    .section .note.GNU-stack, "", @progbits

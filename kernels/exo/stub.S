/* SPDX-License-Identifier: MIT */
/*
 * stub.S: os_syscall in the application: a jump into the library, whose image begins with library_call.  All arguments
 * are already where the callee wants them.
 */
#include "machine/domain.h"

    .section .text.glue, "ax"
    .globl os_syscall
os_syscall:
    movabs $DOMAIN_BASE(0) + DOMAIN_IMAGE, %r11
    jmp *%r11

    .section .note.GNU-stack, "", @progbits

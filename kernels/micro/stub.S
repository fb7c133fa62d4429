/* SPDX-License-Identifier: MIT */
/* stub.S: os_syscall in the program: a jump into the library, which lies at the same place in every program. */
#include "machine/domain.h"
#include "micro/micro.h"

    .section .text.glue, "ax"
    .globl os_syscall
os_syscall:
    movabs $DOMAIN_BASE(DOMAIN_LIBRARY) + DOMAIN_IMAGE, %rax
    jmp *%rax

    .section .note.GNU-stack, "", @progbits

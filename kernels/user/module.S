/* SPDX-License-Identifier: MIT */
/* module.S: a domain's image as the kernel's image carries it, page-aligned so that its pages can be mapped. */
#define PASTE(a, b, c) a##b##c
#define SYMBOL(name, end) PASTE(module_, name, end)
    .section .rodata.program, "a"
    .balign 4096
    .globl SYMBOL(MODULE, _start), SYMBOL(MODULE, _end)
SYMBOL(MODULE, _start):
    .incbin PROGRAM
SYMBOL(MODULE, _end):
    .balign 4096

    .section .note.GNU-stack, "", @progbits

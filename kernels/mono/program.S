/* SPDX-License-Identifier: MIT */
/* program.S: the program that the kernel starts first, page-aligned so that its pages can be mapped where they lie. */
    .section .rodata.program, "a"
    .balign 4096
    .globl program_start, program_end
program_start:
    .incbin PROGRAM
program_end:
    .balign 4096

    .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: MIT */
/* call.S: os_syscall in this image: a jump through the table.  All arguments are already where the callee wants them. */
#define OS_CALLS 512

    .text
    .globl os_syscall
os_syscall:
    cmp $OS_CALLS, %rdi
    jae 1f
    jmp *os_direct(, %rdi, 8)
1:  jmp posix_unsupported

    .section .note.GNU-stack, "", @progbits

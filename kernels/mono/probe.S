/* SPDX-License-Identifier: MIT */
/*
 * probe.S: the smallest program in ring 3: says that it ran and ends.  With it as its program this kernel shows whether
 * a host's KVM can run ring 3 at all, there and back by a fault, by SYSCALL and by SYSRET.
 */
#define SYS_WRITE 1
#define SYS_EXIT_GROUP 231

    .section .text.app, "ax"
    .globl _start
_start:
    mov $SYS_WRITE, %edi
    mov $1, %esi
    lea said(%rip), %rdx
    mov $said_end - said, %r10d
    syscall
    mov $SYS_EXIT_GROUP, %edi
    xor %esi, %esi
    syscall
    ud2

    .section .rodata
said:
    .ascii "TOLL1 done probe ok\n"
said_end:

    .section .note.GNU-stack, "", @progbits

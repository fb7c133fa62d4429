/* SPDX-License-Identifier: MIT */
/*
 * entry.S: the ways into a library and out of it (user.h): calls of the program, upcalls of the kernel.
 *
 * The kernel tells of events by upcall only outside [user_text_start, user_text_end).  So the code that leaves the
 * library looks whether some are pending after its last instruction in there: in .text.user_gate, which lies outside
 * and where an upcall may come between any two instructions.  It then finds nothing of the library's at work, on
 * whichever of the two stacks.  A return into the library's own code goes by a copy of the same instructions inside.
 *
 * A return loads all registers from a struct upcall and takes rip and flags from below the target's stack pointer:
 * there is no red zone anywhere, and IRET in ring 3 would need more than SMAP lets QEMU 7.2 do.
 */
#include "machine/domain.h"
#include "machine/x86.h"

#define OS_CALLS 512

/* Offsets in struct upcall (upcall.c asserts them). */
#define FRAME_VECTOR 120
#define FRAME_RIP 136
#define FRAME_FLAGS 152
#define FRAME_RSP 160

.macro CLEAR
    .irp r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    xor %\r, %\r
    .endr
.endm

/* Goes on with what the frame at rdi, which lies above all of the stack that is in use, describes. */
.macro RESUME
    mov FRAME_RSP(%rdi), %rax
    mov FRAME_FLAGS(%rdi), %rcx
    mov FRAME_RIP(%rdi), %rdx
    sub $16, %rax
    mov %rcx, (%rax)
    mov %rdx, 8(%rax)
    mov %rax, FRAME_RSP(%rdi)
    mov %rdi, %rsp
    .irp r, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
    pop %\r
    .endr
    mov FRAME_RSP - FRAME_VECTOR(%rsp), %rsp
    popfq
    ret
.endm

    /* First of all in the domain's image: programs know no other address of it (stub.S). */
    .section .text.user_gate, "ax"
    .globl library_call, env_enter

library_call:                       /* a C call: rdi number; the seventh argument is on the program's stack */
    mov %rsp, %r11
    mov user_info + INFO_UPCALL_STACK(%rip), %rsp
    push %r11
    push 8(%r11)
    cmp $OS_CALLS, %rdi
    jae 2f
    lea os_direct(%rip), %rax
    call *(%rax, %rdi, 8)
1:  cmpq $0, user_info + INFO_PENDING(%rip)
    jne 3f
    mov 8(%rsp), %rsp
    ret
2:  call posix_unsupported
    jmp 1b
3:  mov %rax, (%rsp)
    call user_leave
    mov (%rsp), %rax
    jmp 1b

env_enter:                          /* rdi entry, rsi stack pointer */
    cmpq $0, user_info + INFO_PENDING(%rip)
    jne 1f
    push $FLAGS_IF | 2
    popfq
    mov %rdi, -8(%rsi)
    lea -8(%rsi), %rsp
    CLEAR
    ret
1:  mov %rdi, %rbx
    mov %rsi, %r12
    and $-16, %rsp
    call user_leave
    mov %rbx, %rdi
    mov %r12, %rsi
    jmp env_enter

upcall_out:                         /* rbx: the frame of code that is not the library's */
    cmpq $0, user_info + INFO_PENDING(%rip)
    jne 1f
    mov %rbx, %rdi
    RESUME
1:  call user_leave
    jmp upcall_out

    .text
    .globl upcall_entry, user_resume

upcall_entry:                       /* from the kernel, rsp: a struct upcall */
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    xor %ebp, %ebp
    call user_upcall
    test %al, %al
    jz upcall_out
    mov %rbx, %rdi
user_resume:                        /* rdi: the frame of code of the library's own */
    RESUME

    .section .note.GNU-stack, "", @progbits

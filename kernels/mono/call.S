/* SPDX-License-Identifier: MIT */
/*
 * call.S: the SYSCALL instruction's way in and out.
 *
 * In:  rdi number, rsi rdx r10 r8 r9 rax the six arguments (stub.S puts them there), rcx return address, r11 flags.
 * Out: rax result.  A call is a C call to the application: only what the ABI makes callee-saved comes back; the rest
 *      is cleared, so that nothing of the kernel is left in it.
 */
#define OS_CALLS 512
#define BOOK_SYSCALL 0
#define THREAD_KILLED 60

    .text
    .globl call_entry
call_entry:
    mov %rsp, call_user_sp(%rip)
    mov trap_stack_top(%rip), %rsp
    push call_user_sp(%rip)
    push %r11
    push %rcx
    push %rax                       /* the seventh C argument */
    incq books + 8 * BOOK_SYSCALL(%rip)
    mov %r10, %rcx
    cmp $OS_CALLS, %rdi
    jae 3f
    lea os_direct(%rip), %rax
    call *(%rax, %rdi, 8)
1:  mov sched_running(%rip), %rcx
    cmpb $0, sched_yield_wanted(%rip)
    jne 4f
    cmpb $0, THREAD_KILLED(%rcx)
    jne 4f
2:  add $8, %rsp
    pop %rcx
    pop %r11
    pop %rsp
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    sysretq

3:  call posix_unsupported
    jmp 1b
4:  mov %rax, (%rsp)
    call call_return
    mov (%rsp), %rax
    jmp 2b

    .section .bss
    .balign 8
call_user_sp: .skip 8

    .section .note.GNU-stack, "", @progbits

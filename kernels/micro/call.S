/* SPDX-License-Identifier: MIT */
/*
 * call.S: the SYSCALL instruction's way in, to the fast path of messages (ipc_fast.S) or to C, and out.
 *
 * In:  rdi number, rsi rdx r10 r8 r9 rax arguments, rcx return address, r11 flags (micro.h).
 *
 * A thread in a call has a struct call_frame (tcb.h) at the top of its kernel stack.  For a message all of it is filled,
 * for the thread may be taken up again in the middle of another one's call; C finds the message in its registers, and
 * leaves there what is to come out.  All other calls are C calls with the result in rax; what they clear comes back 0.
 */
#include "machine/books.h"
#include "micro/micro.h"
#include "micro/offsets.h"

#define ENOSYS 38

    .text
    .globl call_entry, call_entry_slow, call_slow_path, call_resume, call_begin, call_resume_prepare
    .globl ipc_message_count

.macro ENTER
    mov %rsp, call_user_sp(%rip)
    mov trap_tss + TSS_STACK(%rip), %rsp
    push call_user_sp(%rip)
    push %r11
    push %rcx
    BOOK_COUNT BOOK_SYSCALL
.endm

call_entry:
    ENTER
    cmp $MICRO_REPLY_WAIT, %rdi
    je ipc_fast_reply_wait
    test %rdi, %rdi                 /* MICRO_CALL */
    jz ipc_fast_call
    jmp 1f

/* Where there can be no fast path. */
call_entry_slow:
    ENTER
1:  cmp $MICRO_MESSAGES, %rdi
    jb call_message
    cmp $MICRO_CALLS, %rdi
    jae 4f
    sub $FRAME_SAVED_ONLY + FRAME_REGISTERS, %rsp
    lea call_table - 8 * MICRO_MESSAGES(%rip), %rcx
    mov (%rcx, %rdi, 8), %r11
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %r10, %rdx
    mov %r8, %rcx
    mov %r9, %r8
    mov %rax, %r9
    call *%r11
2:  mov sched_running(%rip), %rcx
    cmpb $0, THREAD_KILLED(%rcx)
    jne 5f
    cmpb $0, sched_yield_wanted(%rip)
    jne 5f
3:  add $FRAME_SAVED_ONLY + FRAME_REGISTERS, %rsp
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
4:  sub $FRAME_SAVED_ONLY + FRAME_REGISTERS, %rsp
    mov $-ENOSYS, %rax
    jmp 2b
5:  mov %rax, (%rsp)
    call tcb_leave
    mov (%rsp), %rax
    jmp 3b

/* A message that the short way is not for, as SYSCALL left it, and as ipc_fast.S found it. */
call_message:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
call_slow_path:
    push %rax
    push %r9
    push %r8
    push %r10
    push %rdx
    push %rsi
    push %rdi
    mov tcb_running(%rip), %rdi
    mov (%rsp), %rsi
    xor %ebp, %ebp
    call ipc_message
call_resume:                        /* here switch_stacks leads a thread that waits on the fast path */
    xor %ebp, %ebp
    mov sched_running(%rip), %rcx
    cmpb $0, THREAD_KILLED(%rcx)
    jne 7f
    cmpb $0, sched_yield_wanted(%rip)
    jne 7f
6:  pop %rdi
    pop %rsi
    pop %rdx
    pop %r10
    pop %r8
    pop %r9
    pop %rax
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %rcx
    pop %r11
    pop %rsp
    sysretq
7:  call tcb_leave
    jmp 6b

call_begin:                         /* rdi top of the stack, rsi rip, rdx rsp */
    mov %rdi, %rsp
    push %rdx
    push $FLAGS_START
    push %rsi
    .rept (FRAME_REGISTERS + FRAME_SAVED_ONLY) / 8
    push $0
    .endr
    jmp call_resume

call_resume_prepare:                /* rdi frame; a stack pointer for switch_stacks that leads to call_resume */
    lea call_resume(%rip), %rax
    mov %rax, -8(%rdi)
    lea -8 - SWITCH_REGISTERS(%rdi), %rax
    ret

ipc_message_count:
    BOOK_COUNT BOOK_IPC
    ret

    .section .data.rel.ro, "aw"
    .balign 8
call_table:
    .quad ipc_call_keep, payload_call_read, payload_call_write
    .quad note_call_make, note_call_signal, note_call_wait, note_call_bind
    .quad irq_call_bind, irq_call_ack, port_call_in, port_call_out
    .quad handle_call_give, handle_call_close, endpoint_call_make
    .quad space_call_make, space_call_enter, memory_call_map, memory_call_grant, memory_call_unmap, memory_call_protect
    .quad tcb_call_make, tcb_call_start, tcb_call_end, tcb_call_yield
    .quad time_call_sleep, time_call_alarm, process_call_event, tcb_call_tls
    .quad call_books, call_log, end_call, call_null, end_call_last
    .quad call_usage
    .if (. - call_table) / 8 + MICRO_MESSAGES - MICRO_CALLS
    .error "a call is missing"
    .endif

    .section .bss
    .balign 8
call_user_sp: .skip 8

    .section .note.GNU-stack, "", @progbits

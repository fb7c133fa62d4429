/* SPDX-License-Identifier: MIT */
/*
 * ipc_fast.S: the fast path (Liedtke, SOSP'93): a call to a thread that waits, and a reply to one that waits for it,
 * after which the other one runs at once, without ready queue.  Message registers are not touched on the way; words in
 * memory are copied.  Whatever is unusual goes to call_slow_path, with nothing changed yet.
 *
 *      rbx  the running thread (struct tcb)    r13  the other one
 *      r12  the endpoint, then the other one's struct thread
 *
 * What sched.h keeps stays right: the thread that waits is in none of its queues; if it is made ready, switch_stacks
 * finds call_resume on its stack.  Nothing looks at the state of a thread that is neither running nor ready, so only the
 * other one's, which may have waited in sched_wait, is written.
 */
#include "micro/offsets.h"

    .text
    .globl ipc_fast_call, ipc_fast_reply_wait, ipc_message_fast, switch_fast, paging_load_keep_fast

.macro SAVE
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

/* rbp: the handle that rsi names. */
.macro FIND_HANDLE
    mov tcb_running(%rip), %rbx
    cmp $HANDLE_SLOTS, %rsi
    jae call_slow_path
    mov TCB_HANDLES(%rbx), %rbp
    lea (%rsi, %rsi, 2), %rcx
    lea (%rbp, %rcx, 8), %rbp
.endm

/* rcx: how many words are in memory, none of which was copied yet; goes on at 1 with none. */
.macro WORDS_CHECK
    test $TAG_WORDS_BITS, %edx
    jz 1f
    mov %edx, %ecx
    shr $TAG_WORDS_SHIFT, %ecx
    and $TAG_WORDS_BITS >> TAG_WORDS_SHIFT, %ecx
    cmp $WORDS_IN_MEMORY, %ecx
    ja call_slow_path
    mov TCB_MESSAGE(%rbx), %rsi
    mov TCB_MESSAGE(%r13), %rdi
    rep movsq
1:  and $TAG_MASK_VALUE, %edx
.endm

ipc_fast_call:
    SAVE
    FIND_HANDLE
    cmpw $KIND_ENDPOINT, HANDLE_KIND(%rbp)
    jne 4f
3:  mov HANDLE_OBJECT(%rbp), %r12
    mov ENDPOINT_RECEIVER(%r12), %r13
    cmp $ENDPOINT_BUSY_VALUE, %r13
    jbe call_slow_path
    WORDS_CHECK
    movq $0, ENDPOINT_RECEIVER(%r12)
    mov %edx, TCB_TAG(%rbx)
    mov %rbx, TCB_CALLER(%r13)
    mov %r13, TCB_HOLDER(%rbx)
    movl $STATE_REPLY, TCB_STATE(%rbx)
    mov HANDLE_BADGE(%rbp), %rdi
    jmp switch_to
4:  test %rsi, %rsi                 /* handle 0, which no slot holds: the pager */
    jnz call_slow_path
    lea TCB_PAGER(%rbx), %rbp
    cmpw $KIND_ENDPOINT, HANDLE_KIND(%rbp)
    je 3b
    jmp call_slow_path

ipc_fast_reply_wait:
    SAVE
    FIND_HANDLE
    cmpl $KIND_RECEIVE, HANDLE_KIND(%rbp)
    jne call_slow_path
    mov HANDLE_OBJECT(%rbp), %r12
    mov TCB_CALLER(%rbx), %r13
    test %r13, %r13
    jz call_slow_path
    cmpl $STATE_REPLY, TCB_STATE(%r13)
    jne call_slow_path
    cmpq $0, ENDPOINT_RECEIVER(%r12)
    jne call_slow_path
    cmpl $0, TCB_ATTENTION(%rbx)
    jne call_slow_path
    WORDS_CHECK
    mov %rbx, ENDPOINT_RECEIVER(%r12)
    mov %r12, TCB_AT(%rbx)
    movq $0, TCB_CALLER(%rbx)
    movl $STATE_RECEIVES, TCB_STATE(%rbx)
    xor %edi, %edi

/* rdi rdx r10 r8 r9 rax: as the other one gets them. */
switch_to:
    mov TCB_THREAD(%rbx), %rbp
    mov TCB_THREAD(%r13), %r12
    lea call_resume(%rip), %rcx
    mov %rcx, -FRAME_REGISTERS - 8(%rsp)
    lea -FRAME_REGISTERS - 8 - SWITCH_REGISTERS(%rsp), %rcx
    mov %rcx, THREAD_SP(%rbp)
    movl $STATE_RUNS, TCB_STATE(%r13)
    movl $THREAD_RUNNING, THREAD_STATE(%r12)
    mov %r12, sched_running(%rip)
    mov %r13, tcb_running(%rip)

    rdfsbase %rcx
    mov %rcx, THREAD_TLS(%rbp)
    rdgsbase %rcx
    mov %rcx, THREAD_GS(%rbp)
    mov THREAD_TLS(%r12), %rcx
    wrfsbase %rcx
    mov THREAD_GS(%r12), %rcx
    wrgsbase %rcx

    mov TCB_TABLE(%r13), %rsi
    cmp TCB_TABLE(%rbx), %rsi
    je 2f
    mov %rsi, space_loaded(%rip)
    movzwl TCB_IO_MAP(%r13), %ecx
    mov %cx, trap_tss + TSS_IO_MAP(%rip)
    incq books + 8 * BOOK_AS_SWITCH(%rip)
    mov TABLE_CR3(%rsi), %rcx
    test %rcx, %rcx
    js 4f
    mov %rcx, %cr3

2:  cmp %r12, fpu_owner(%rip)
    setne %cl
    cmp %cl, fpu_off(%rip)
    jne 5f
3:  mov THREAD_STACK_TOP(%r12), %rcx
    mov %rcx, trap_tss + TSS_STACK(%rip)
    lea -FRAME_SAVED(%rcx), %rsp
ipc_message_fast:
    incq books + 8 * BOOK_IPC(%rip)
switch_fast:
    incq books + 8 * BOOK_THREAD_SWITCH(%rip)
    xor %esi, %esi
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

/* The TLB keeps what it knows of the other one's space (tlb.h). */
4:  incq books + 8 * BOOK_AS_SWITCH_KEPT(%rip)
paging_load_keep_fast:
    mov %rcx, %cr3
    jmp 2b

/* The floating-point registers are to be out of reach now, or in reach again (fpu.h). */
5:  mov %cl, fpu_off(%rip)
    test %cl, %cl
    jz 6f
    mov fpu_off_cr0(%rip), %rcx
    mov %rcx, %cr0
    jmp 3b
6:  clts
    jmp 3b

    .section .note.GNU-stack, "", @progbits

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
#include "machine/books.h"
#include "machine/domain.h"
#include "micro/offsets.h"

    .text
    .globl ipc_fast_call, ipc_fast_reply_wait

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

.macro COPY_WORDS
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

/* Whether the running thread can wait at the endpoint r12 at once. */
.macro CHECK_WAIT
    cmpq $0, ENDPOINT_RECEIVER(%r12)
    jne call_slow_path
    cmpl $0, TCB_ATTENTION(%rbx)
    jne call_slow_path
.endm
.macro BEGIN_WAIT
    mov %rbx, ENDPOINT_RECEIVER(%r12)
    mov %r12, TCB_AT(%rbx)
    movq $0, TCB_CALLER(%rbx)
    movl $STATE_RECEIVES, TCB_STATE(%rbx)
.endm

/* From rbx to r13, but for stack and registers; rcx: the top of the other one's stack. */
.macro SWITCH name
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
    BOOK_COUNT BOOK_AS_SWITCH
    mov TABLE_CR3(%rsi), %rcx
    test %rcx, %rcx
    js 5f
    mov %rcx, %cr3

2:  cmp %r12, fpu_owner(%rip)
    setne %cl
    cmp %cl, fpu_off(%rip)
    jne 6f
    .globl ipc_message_fast_\name, switch_fast_\name, paging_load_keep_\name
3:
switch_fast_\name:
    mov THREAD_STACK_TOP(%r12), %rcx
ipc_message_fast_\name:
    mov %rcx, trap_tss + TSS_STACK(%rip)
    BOOK_COUNT BOOK_IPC
    BOOK_COUNT BOOK_THREAD_SWITCH
.endm

/* The rarer ways through SWITCH. */
.macro SWITCH_ASIDE name
5:  BOOK_COUNT BOOK_AS_SWITCH_KEPT /* the TLB keeps what it knows of the other one's space (tlb.h) */
paging_load_keep_\name:
    mov %rcx, %cr3
    jmp 2b
6:  mov %cl, fpu_off(%rip)          /* floating-point registers get out of reach, or into it again (fpu.h) */
    test %cl, %cl
    jz 7f
    mov fpu_off_cr0(%rip), %rcx
    mov %rcx, %cr0
    jmp 3b
7:  clts
    jmp 3b
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
    COPY_WORDS
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
    CHECK_WAIT
    cmpl $STATE_REPLY, TCB_STATE(%r13)
    jne reply_to_fault
    COPY_WORDS
    BEGIN_WAIT
    xor %edi, %edi

/* rdi rdx r10 r8 r9 rax: as the other one gets them. */
switch_to:
    SWITCH call
    lea -FRAME_SAVED(%rcx), %rsp
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
    SWITCH_ASIDE call

/* The pager lets a thread try again that waits in an exception: it goes on from there, unless it has to be told of
   events first.  C has left its stack for good, and the register area that it used there. */
reply_to_fault:
    cmpl $STATE_FAULT, TCB_STATE(%r13)
    jne call_slow_path
    test $TAG_OP_BITS | TAG_WORDS_BITS, %edx
    jnz call_slow_path
    mov TCB_INFO(%r13), %rcx
    cmpl $0, INFO_PENDING(%rcx)
    jne call_slow_path
    BEGIN_WAIT
    SWITCH fault
    lea -FRAME_SAVED - FRAME_REGISTERS(%rcx), %rsi
    mov %rsi, TCB_REGS(%r13)
    lea -TRAP_BYTES(%rcx), %rsp
    jmp trap_return
    SWITCH_ASIDE fault

    .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: MIT */
/*
 * kpti.S: the ways in and out where ring 3 has a page table of its own (kpti.h).  This code and struct kpti are mapped
 * in both tables; nothing else may be touched while the second one is loaded.
 *
 * Everything that says which table is loaded is in cr3.  With PCID (keep = 1) neither load forgets what the TLB holds.
 */
#include "machine/books.h"
#include "machine/trap_regs.inc"
#include "machine/trap_stubs.inc"
#include "machine/x86.h"
#include "mono/kpti.h"

#define CS 24 /* behind vector and error code; and without them: */
#define CS_BARE 8
#define FRAME_WORDS 7

/* Loads the kernel's table of the pair, or the one for ring 3. */
.macro TO_KERNEL reg
    mov %cr3, %\reg
    .if keep
    and $~(KPTI_PAGE_BIT | KPTI_ASID_BIT), %\reg
    bts $CR3_KEEP_BIT, %\reg
paging_load_keep_in_\@:
    .else
    and $~KPTI_PAGE_BIT, %\reg
    .endif
    mov %\reg, %cr3
    BOOK_COUNT KPTI_BOOK_AS_SWITCH
    .if keep
    BOOK_COUNT KPTI_BOOK_AS_SWITCH_KEPT
    .endif
.endm
.macro TO_USER reg
    BOOK_COUNT KPTI_BOOK_AS_SWITCH
    mov %cr3, %\reg
    .if keep
    BOOK_COUNT KPTI_BOOK_AS_SWITCH_KEPT
    or $(KPTI_PAGE_BIT | KPTI_ASID_BIT), %\reg
    bts $CR3_KEEP_BIT, %\reg
paging_load_keep_out_\@:
    .else
    or $KPTI_PAGE_BIT, %\reg
    .endif
    mov %\reg, %cr3
.endm

.macro CALL_ENTER
    mov %rsp, kpti + KPTI_USER_SP(%rip)
    TO_KERNEL rsp
    mov trap_stack_top(%rip), %rsp
    push kpti + KPTI_USER_SP(%rip)
.endm
.macro CALL_LEAVE
    pop %rcx
    pop %r11
    pop %rsp
    TO_USER rdx
.endm

/* A trap from ring 3 starts on struct kpti's stack; its frame moves to the thread's own.  One from ring 0 stays where it
   is; the second table is loaded then only if an exception hit this very code. */
.macro TRAP
    mov %rax, kpti + KPTI_RAX(%rip)
    testb $3, CS(%rsp)
    jz 2f
    TO_KERNEL rax
    mov %rsp, %rax
    mov trap_stack_top(%rip), %rsp
    .set word, FRAME_WORDS
    .rept FRAME_WORDS
    .set word, word - 1
    push 8 * word(%rax)
    .endr
1:  mov kpti + KPTI_RAX(%rip), %rax
    TRAP_PUSH
    cld
    mov %rsp, %rdi
    xor %ebp, %ebp
    call trap_dispatch
    TRAP_POP
    add $16, %rsp
    testb $3, CS_BARE(%rsp)
    jnz 3f
    iretq
2:  mov %cr3, %rax
    test $KPTI_PAGE_BIT, %eax
    jz 1b
    TO_KERNEL rax
    jmp 1b
3:
.endm
/* To ring 3 by the frame at rsp. */
.macro LEAVE
    mov %rax, kpti + KPTI_RAX(%rip)
    .irp offset, 40, 32, 24, 16, 8
    pop kpti + KPTI_STACK_TOP - \offset(%rip)
    .endr
    lea kpti + KPTI_STACK_TOP - 40(%rip), %rsp
    TO_USER rax
    mov kpti + KPTI_RAX(%rip), %rax
    iretq
.endm

.macro TRAP_JUMP
    jmp *kpti + KPTI_TRAP(%rip)
.endm

    .text
    .balign 4096
    .globl kpti_text, kpti_text_end
kpti_text:
    TRAP_ALL TRAP_STUB

    .set keep, 0
    .globl kpti_call, kpti_trap, kpti_leave
kpti_call:
#include "mono/call.inc"
kpti_trap:
    TRAP
kpti_leave:
    LEAVE

    .set keep, 1
    .globl kpti_call_keep, kpti_trap_keep, kpti_leave_keep
kpti_call_keep:
#include "mono/call.inc"
kpti_trap_keep:
    TRAP
kpti_leave_keep:
    LEAVE
    .balign 4096
kpti_text_end:

    .globl kpti_enter_user
kpti_enter_user:                    /* rdi entry, rsi sp */
    push $SEL_USER_DATA
    push %rsi
    push $FLAGS_IF | 2
    push $SEL_USER_CODE
    push %rdi
    .irp r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    xor %\r, %\r
    .endr
    jmp *kpti + KPTI_LEAVE(%rip)

    .section .data.rel.ro, "aw"
    .balign 8
    .globl kpti_stubs
kpti_stubs:
    TRAP_ALL TRAP_ENTRY

    .section .note.GNU-stack, "", @progbits

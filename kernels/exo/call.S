/* SPDX-License-Identifier: MIT */
/*
 * call.S: the SYSCALL instruction's way in and out, and the table of calls.
 *
 * In:  rdi number, rsi rdx r10 r8 r9 rax the six arguments, rcx return address, r11 flags.
 * Out: rax result.  A call is a C call to the environment: only what the ABI makes callee-saved comes back; the rest is
 *      cleared, so that nothing of the kernel is left in it.
 *
 * Interrupts are off, so nothing can have asked for a yield that would have to be looked at here; events that became
 * pending the library sees on its way out.
 */
#include "exo/exo.h"
#include "machine/books.h"

#define BOOK_SYSCALL 0
#define ENOSYS 38

    .text
    .globl call_entry
call_entry:
    mov %rsp, call_user_sp(%rip)
    mov trap_stack_top(%rip), %rsp
    push call_user_sp(%rip)
    push %r11
    push %rcx
    push %rax                       /* the seventh C argument */
    BOOK_COUNT BOOK_SYSCALL
    mov %r10, %rcx
    cmp $EXO_CALLS, %rdi
    jae 2f
    lea call_table(%rip), %rax
    call *(%rax, %rdi, 8)
1:  add $8, %rsp
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
2:  mov $-ENOSYS, %rax
    jmp 1b

    .section .data.rel.ro, "aw"
    .balign 8
call_table:
    .quad call_frame_get, call_frame_put, call_map, call_unmap, call_protect, call_entry_read, call_entry_next
    .quad call_table_make, call_table_free, call_table_load
    .quad call_extent_bind, call_extent_free, call_disk
    .quad call_wait, call_alarm, call_yield
    .quad call_console_write, call_console_read, call_console_listen
    .quad call_tls, call_books, call_end, call_null
    .quad call_nic_info, call_nic_claim, call_nic_claim_end, call_nic_ring, call_nic_send, call_nic_listen
    .quad call_usage
    .if (. - call_table) / 8 - EXO_CALLS
    .error "a call is missing"
    .endif

    .section .bss
    .balign 8
call_user_sp: .skip 8

    .section .note.GNU-stack, "", @progbits

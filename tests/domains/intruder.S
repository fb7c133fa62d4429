/* SPDX-License-Identifier: MIT */
/*
 * intruder.S: attempts that end in an exception.  What is to be survived begins with its stack pointer kept; the upcall
 * goes back to there with 0.
 */
    .text
    .globl intruder_upcall, intruder_probe, intruder_port, intruder_do
intruder_upcall:
    mov kept_sp(%rip), %rsp
    xor %eax, %eax
    ret

intruder_probe:                     /* rdi address, esi way */
    mov %rsp, kept_sp(%rip)
    cmp $1, %esi
    je 1f
    ja 2f
    mov (%rdi), %al
    jmp 3f
1:  movb $1, (%rdi)
    jmp 3f
2:  call *%rdi
3:  mov $1, %eax
    ret

intruder_port:                      /* edi port, sil: out */
    mov %rsp, kept_sp(%rip)
    mov %edi, %edx
    xor %eax, %eax
    test %sil, %sil
    jnz 1f
    in %dx, %al
    jmp 2f
1:  out %al, %dx
2:  mov $1, %eax
    ret

intruder_do:                        /* rdi: what to call */
    mov %rsp, kept_sp(%rip)
    call *%rdi
    mov $1, %eax
    ret

    .globl intruder_call, intruder_message, intruder_info
intruder_call:                      /* rdi number, rsi rdx rcx r8 arguments */
    mov %rcx, %r10
    xor %r9d, %r9d
    xor %eax, %eax
    syscall
    ret

intruder_message:                   /* rdi number, rsi handle, rdx tag; returns rdi and rdx */
    xor %r10d, %r10d
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %eax, %eax
    syscall
    mov %rdi, %rax
    ret

intruder_info:
    lea user_info(%rip), %rax
    ret

.macro DO name, text:vararg
do_\name:
    \text
    ret
    .section .data.rel.ro, "aw"
    .quad do_\name
    .text
.endm
    .section .data.rel.ro, "aw"
    .balign 8
    .globl intruder_instructions
intruder_instructions:
    .text
    DO cli, cli
    DO sti, sti
    DO hlt, hlt
    DO clts, clts
    DO swapgs, swapgs
    DO wbinvd, wbinvd
    DO invlpg, invlpg (%rsp)
    DO cr0, mov %cr0, %rax
    DO cr3, mov %rax, %cr3
    DO cr4, mov %rax, %cr4
    DO dr7, mov %rax, %dr7
    DO rdmsr, rdmsr
    DO wrmsr, wrmsr
    DO xsetbv, xsetbv
    DO lgdt, lgdt (%rsp)
    DO lidt, lidt (%rsp)
    DO ltr, ltr %ax
    DO sysret, sysretq
    DO int_timer, int $32
    DO int_page_fault, int $14
    .section .data.rel.ro, "aw"
    .quad 0

    .section .bss
    .balign 8
kept_sp: .skip 8

    .section .note.GNU-stack, "", @progbits

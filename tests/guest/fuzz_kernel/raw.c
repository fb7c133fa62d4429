/* SPDX-License-Identifier: MIT */
/* raw.c: the SYSCALL instruction with every register as wished, and all of them afterwards. */
#include "fuzz_kernel/fuzz.h"

__asm__(".text\n"
        ".globl raw_call\n"
        ".hidden raw_call\n"
        "raw_call:\n"
        "   push %rbx\n   push %rbp\n   push %r12\n   push %r13\n   push %r14\n   push %r15\n   push %rdi\n"
        "   mov 8(%rdi), %rsi\n   mov 16(%rdi), %rdx\n   mov 24(%rdi), %r10\n   mov 32(%rdi), %r8\n"
        "   mov 40(%rdi), %r9\n   mov 48(%rdi), %rax\n   mov 72(%rdi), %rbx\n   mov 80(%rdi), %rbp\n"
        "   mov 88(%rdi), %r12\n   mov 96(%rdi), %r13\n   mov 104(%rdi), %r14\n   mov 112(%rdi), %r15\n"
        "   mov (%rdi), %rdi\n"
        "   syscall\n"
        "   push %rdi\n   mov 8(%rsp), %rdi\n"
        "   mov %rsi, 8(%rdi)\n   mov %rdx, 16(%rdi)\n   mov %r10, 24(%rdi)\n   mov %r8, 32(%rdi)\n"
        "   mov %r9, 40(%rdi)\n   mov %rax, 48(%rdi)\n   mov %rcx, 56(%rdi)\n   mov %r11, 64(%rdi)\n"
        "   mov %rbx, 72(%rdi)\n   mov %rbp, 80(%rdi)\n   mov %r12, 88(%rdi)\n   mov %r13, 96(%rdi)\n"
        "   mov %r14, 104(%rdi)\n   mov %r15, 112(%rdi)\n"
        "   pop %rsi\n   mov %rsi, (%rdi)\n"
        "   pop %rdi\n   pop %r15\n   pop %r14\n   pop %r13\n   pop %r12\n   pop %rbp\n   pop %rbx\n"
        "   ret\n");

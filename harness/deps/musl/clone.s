/* SPDX-License-Identifier: MIT */
/*
 * clone.s: int __clone(fn, stack, flags, arg, ptid, tls, ctid): a new thread of control that runs fn(arg) on stack
 * and exits with its result.  Returns the thread's number or a negated errno.
 *
 * Contract with os_syscall: SYS_clone(flags, stack, ptid, ctid, tls).  The new thread starts as if a C function
 * returned 0 to it on the new stack: it takes an address off the stack and jumps there with rax 0.  On Linux a
 * syscall instruction followed by ret has that very effect.  Other registers of the new thread hold nothing.
 *
 *   stack, 16-byte aligned -> +24  (alignment)
 *                             +16  arg
 *                              +8  fn
 *                              +0  start    <- what SYS_clone gets
 */
.hidden os_syscall

.section .text.__clone,"ax",@progbits
.global __clone
.hidden __clone
.type __clone,@function
__clone:
        and $-16,%rsi
        sub $32,%rsi
        lea start(%rip),%rax
        mov %rax,(%rsi)
        mov %rdi,8(%rsi)
        mov %rcx,16(%rsi)
        mov %rsi,%r10           /* os_syscall(56, flags, stack, ptid, ctid, tls): rdi rsi rdx rcx r8 r9 */
        mov %rdx,%rsi
        mov %r10,%rdx
        mov %r8,%rcx
        mov 8(%rsp),%r8
        mov $56,%edi
        jmp os_syscall          /* r9 is tls already */
.size __clone,.-__clone

.type start,@function
start:
        xor %ebp,%ebp           /* the outermost frame */
        pop %rax                /* fn */
        pop %rdi                /* arg: the stack is 8 short of 16-byte alignment now */
        sub $8,%rsp
        call *%rax
        mov %eax,%esi
        mov $60,%edi            /* SYS_exit */
        call os_syscall
        ud2
.size start,.-start

.section .note.GNU-stack,"",@progbits

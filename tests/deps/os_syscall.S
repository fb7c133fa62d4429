/* SPDX-License-Identifier: MIT */
/*
 * os_syscall.S: the hook of the hooked musl, answered by Linux, so that the library can be tested without a kernel
 * of ours.  Linux has all of its calls but 501, thread_unmap_exit(base, bytes), which is munmap and exit.
 */
.global os_syscall
.type os_syscall,@function
os_syscall:
        mov %rdi,%rax
        mov %rsi,%rdi
        mov %rdx,%rsi
        mov %rcx,%rdx
        mov %r8,%r10
        mov %r9,%r8
        mov 8(%rsp),%r9
        cmp $501,%eax
        je 1f
        syscall
        ret
1:      mov $11,%eax            /* SYS_munmap; the stack is gone after it */
        syscall
        xor %edi,%edi
        mov $60,%eax            /* SYS_exit */
        syscall
        ud2
.size os_syscall,.-os_syscall

.section .note.GNU-stack,"",@progbits

/* SPDX-License-Identifier: MIT */
/*
 * syscall_arch.h: musl's system-call hook.  It takes the place of musl's arch/x86_64/syscall_arch.h, so that every
 * system call of the library is one C call to os_syscall, which the image provides: a trap, a direct call, a stub.
 *
 * os_syscall(n, a1, ..., a6) is declared here once per number of arguments and called with exactly that many, so
 * that a call without arguments costs one register load and one jump.  The registers or stack slots of arguments
 * that a call does not have hold garbage.  The result is Linux's: a value, or a negated errno.  Every call without
 * arguments has an int for its result; said so, the compiler can jump to os_syscall instead of calling it.
 *
 * No VDSO_* macro is defined: there is no vDSO, so clock_gettime is a system call like any other.
 */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64 0

#define OS_SYSCALL __asm__("os_syscall") __attribute__((__visibility__("hidden")))

int __os_syscall0(long) OS_SYSCALL;
long __os_syscall1(long, long) OS_SYSCALL;
long __os_syscall2(long, long, long) OS_SYSCALL;
long __os_syscall3(long, long, long, long) OS_SYSCALL;
long __os_syscall4(long, long, long, long, long) OS_SYSCALL;
long __os_syscall5(long, long, long, long, long, long) OS_SYSCALL;
long __os_syscall6(long, long, long, long, long, long, long) OS_SYSCALL;

static __inline int __syscall0(long n)
{
    return __os_syscall0(n);
}

static __inline long __syscall1(long n, long a1)
{
    return __os_syscall1(n, a1);
}

static __inline long __syscall2(long n, long a1, long a2)
{
    return __os_syscall2(n, a1, a2);
}

static __inline long __syscall3(long n, long a1, long a2, long a3)
{
    return __os_syscall3(n, a1, a2, a3);
}

static __inline long __syscall4(long n, long a1, long a2, long a3, long a4)
{
    return __os_syscall4(n, a1, a2, a3, a4);
}

static __inline long __syscall5(long n, long a1, long a2, long a3, long a4, long a5)
{
    return __os_syscall5(n, a1, a2, a3, a4, a5);
}

static __inline long __syscall6(long n, long a1, long a2, long a3, long a4, long a5, long a6)
{
    return __os_syscall6(n, a1, a2, a3, a4, a5, a6);
}

/* SPDX-License-Identifier: MIT */
/*
 * syscall_cp.c: a system call that is a cancellation point.  A cancellation that is pending before the call acts;
 * one that comes during the call acts at the next point, for no signal handler runs that could break into it: the
 * range [__cp_begin, __cp_end), in which such a handler would act at once, is empty.
 */
#include "pthread_impl.h"
#include "syscall.h"

hidden long __cancel(void);
hidden long __syscall_cp_asm(volatile int *cancel, long n, long a1, long a2, long a3, long a4, long a5, long a6);

hidden extern const char __cp_begin[1], __cp_end[1], __cp_cancel[1];
const char __cp_begin[1], __cp_cancel[1];
weak_alias(__cp_begin, __cp_end);

long __syscall_cp_asm(volatile int *cancel, long n, long a1, long a2, long a3, long a4, long a5, long a6)
{
    if (*cancel)
        return __cancel();
    return __syscall(n, a1, a2, a3, a4, a5, a6);
}

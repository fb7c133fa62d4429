/* SPDX-License-Identifier: MIT */
/*
 * __unmapself.c: the end of a detached thread, which gives its own stack back.  Nothing may touch the stack between
 * the unmapping and the exit, so both are one system call: number 501, thread_unmap_exit(base, bytes), does what
 * munmap(base, bytes) and then exit(0) would do, clear_child_tid included.  It does not return.
 */
#include "pthread_impl.h"
#include "syscall.h"

#define SYS_thread_unmap_exit 501

hidden _Noreturn void __unmapself(void *base, size_t bytes)
{
    __syscall(SYS_thread_unmap_exit, base, bytes);
    for (;;)
        a_crash();
}

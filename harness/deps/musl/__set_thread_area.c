/* SPDX-License-Identifier: MIT */
/*
 * __set_thread_area.c: makes p the thread pointer (the FS base).  musl calls it once, before main; later threads
 * get theirs through clone's tls argument.  0 or a negated errno.
 */
#include "pthread_impl.h"
#include "syscall.h"

#define ARCH_SET_FS 0x1002

hidden int __set_thread_area(void *p)
{
    return __syscall(SYS_arch_prctl, ARCH_SET_FS, p);
}

/* SPDX-License-Identifier: MIT */
/*
 * vfork.c: not offered: the child would run on the frame of a C call that the parent has yet to return from.  The
 * system call is made all the same, so that the system answers -ENOSYS and logs it.  posix_spawn does not need it.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "syscall.h"

pid_t vfork(void)
{
    return syscall(SYS_vfork);
}

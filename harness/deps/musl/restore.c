/* SPDX-License-Identifier: MIT */
/*
 * restore.c: where a signal handler would return to.  Signals end a process or are ignored in these systems; no
 * handler ever runs, so this only says so (sigaction wants its address) and stops whoever comes here.
 */
#include "atomic.h"
#include "syscall.h"

hidden void __restore_rt(void);
hidden void __restore_rt(void)
{
    __syscall(SYS_rt_sigreturn);
    for (;;)
        a_crash();
}

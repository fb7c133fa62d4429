/* SPDX-License-Identifier: MIT */
/*
 * main.c: the microkernel's boot order.  The kernel has threads, spaces, messages; everything else is in the processes
 * that compose.c lists.
 */
#include "machine/home.h"
#include "micro/build.h"
#include "micro/call.h"
#include "micro/end.h"
#include "micro/fpu.h"
#include "micro/plan.h"
#include "sched.h"

_Noreturn void kernel_main(void)
{
    static struct thread boot_thread;
    extern char boot_stack_top[];

    home_start(false);
    plan_memory();
    home_memory(true);
    sched_init(&boot_thread, boot_stack_top, home_fpu_make());
    fpu_init();
    call_init();
    build_processes();
    end_wait();
}

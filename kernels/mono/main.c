/* SPDX-License-Identifier: MIT */
/*
 * main.c: the monolithic kernel's boot order.  All parts live in the kernel; applications are processes in ring 3.
 */
#include "alloc.h"
#include "base/panic.h"
#include "blk.h"
#include "console.h"
#include "fs.h"
#include "machine/apic.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/home.h"
#include "machine/paging.h"
#include "machine/stop.h"
#include "mono/call.h"
#include "mono/kpti.h"
#include "net.h"
#include "posix.h"

#define CACHE_SHARE 4 /* the file cache may take a quarter of memory */

extern const char module_program_start[], module_program_end[];

static void network_start(void)
{
    const char *config;

    if (!boot_network(&config))
        return;
    int error = net_init(config);
    if (error)
        env_log("there is no network: error %d", -error);
    else if (!sched_create(net_thread, NULL))
        panic("the network's thread cannot be made");
}

_Noreturn void kernel_main(void)
{
    static struct thread boot_thread;
    extern char boot_stack_top[];
    struct posix_program program = {0};

    home_init(false, true);
    sched_init(&boot_thread, boot_stack_top, home_fpu_make());
    call_init();
    if (bus_command_line("kpti", 0))
        kpti_init();
    console_init();
    if (blk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() / CACHE_SHARE)) < 0)
        env_log("the disk has no file system that can be mounted");
    network_start();
    program.image = paging_direct(paging_physical(module_program_start));
    program.bytes = (uint64_t)(module_program_end - module_program_start);
    if (posix_start(&program, boot_program_words(), NULL) < 0)
        panic("the first process cannot be made");
    sched_exit();
}

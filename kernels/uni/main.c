/* SPDX-License-Identifier: MIT */
/*
 * main.c: the unikernel's boot order.  The application, its library and all parts are one image in ring 0: a system
 * call is a call.
 */
#include "alloc.h"
#include "base/panic.h"
#include "blk.h"
#include "console.h"
#include "fs.h"
#include "machine/boot.h"
#include "machine/home.h"
#include "machine/layout.h"
#include "machine/paging.h"
#include "machine/stop.h"
#include "net.h"
#include "posix.h"
#include "uni/stack.h"

#define CACHE_SHARE 4 /* the file cache may take a quarter of memory */
#define PT_TLS 7

extern char app_tls_start[], app_tls_filled[], app_tls_end[], app_tls_align[];
void _start(void);

/* The one program header that the C library's start code looks for. */
static struct {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
} tls_header = {.type = PT_TLS};

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
    static struct space space;
    extern char boot_stack_top[];
    struct posix_program program = {.entry = (uint64_t)_start, .phdr = (uint64_t)&tls_header, .phdr_count = 1};

    trap_stack_set((uint64_t)boot_stack_top);
    stop_frames_from = USER_START; /* the system runs on the application's stacks */
    home_init(true, false);
    sched_init(&boot_thread, boot_stack_top, home_fpu_make());
    console_init();
    if (blk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() / CACHE_SHARE)) < 0)
        env_log("the disk has no file system that can be mounted");
    network_start();
    tls_header.vaddr = (uint64_t)app_tls_start;
    tls_header.filesz = (uint64_t)(app_tls_filled - app_tls_start);
    tls_header.align = (uint64_t)app_tls_align;
    tls_header.memsz = (uint64_t)(app_tls_end - app_tls_start);
    stack_spares_fill();
    pager_space_init(&space, &paging_boot_table, USER_START, USER_END);
    if (posix_start(&program, boot_program_words(), &space) < 0)
        panic("the first process cannot be made");
    sched_exit();
}

/* SPDX-License-Identifier: MIT */
/* main.c: the order in which the system starts, and what the layer in ring 3 and posix need from it. */
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "base/string.h"
#include "blk.h"
#include "console.h"
#include "fs.h"
#include "micro/client/client.h"
#include "micro/server/table.h"
#include "micro1/system.h"
#include "net.h"
#include "posix.h"
#include "user/library.h"

#define AWAIT_NS 1000000u
#define CACHE_SHARE 4 /* the file cache may take a quarter of memory */

void home_text(const char *text, uint64_t n)
{
    console_write(text, n);
}

_Noreturn void home_end(int status)
{
    for (;;)
        user_call(MICRO_END, (uint64_t)status, 0, 0, 0, 0, 0);
}

/* Without the switch to the fiber that reads them, which is not the caller's doing. */
unsigned env_books(uint64_t *out, unsigned n)
{
    int64_t have = user_call(MICRO_BOOKS, (uint64_t)out, n, 0, 0, 0, 0);

    if (have > WIRE_THREAD_SWITCH)
        out[WIRE_THREAD_SWITCH] -= native_of(sched_current())->switched;
    return have > 0 ? (unsigned)have : 0;
}

void env_usage(uint64_t *out)
{
    out[WIRE_USAGE_FRAMES_PAGER] = alloc_total_pages() - alloc_free_pages();
    client_usage(out);
}

int env_cross(uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    (void)kind;
    (void)words;
    (void)bytes;
    (void)count;
    return -ENOSYS; /* its messages are the kernel's, which are measured with its other composition */
}

_Noreturn void env_shutdown(int status)
{
    fs_unmount();
    home_end(status);
}

static void network_start(void)
{
    char config[CLIENT_NETWORK_BYTES];
    int error;

    if (!client_network(config))
        return;
    error = net_init(config[0] ? config : NULL);
    if (error)
        env_log("there is no network: error %d", -error);
    else if (!sched_create(net_thread, NULL))
        panic("the network's thread cannot be made");
}

/* With leaks=1 the kernel makes the application's process only when the system has nothing left to do. */
static void application_await(void)
{
    while (user_call(MICRO_EVENT, HANDLE_APP, 0, 0, 0, 0, 0) == -EBADF)
        user_call(MICRO_SLEEP, env_now_ns() + AWAIT_NS, 0, 0, 0, 0, 0);
}

_Noreturn void home_entry(void)
{
    static struct thread thread;
    static struct native native; /* of the boot fiber, which asks nothing */
    struct posix_program program = {.image = (const void *)PROGRAM_BASE, .bytes = user_info.program_bytes};

    user_init();
    client_init();
    sched_init(&thread, user_stack_top, &native);
    receive_init();
    console_init();
    if (blk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() / CACHE_SHARE)) < 0)
        env_log("the disk has no file system that can be mounted");
    network_start();
    application_await();
    table_next(HANDLE_APP, 0);
    if (posix_start(&program, client_program_words(), NULL) < 0)
        panic("the first process cannot be made");
    sched_exit();
}

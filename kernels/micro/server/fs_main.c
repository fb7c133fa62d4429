/* SPDX-License-Identifier: MIT */
/* fs_main.c: the file server as a process of its own, with the disk's driver in another one. */
#include "alloc.h"
#include "fs.h"
#include "micro/server/disk.h"
#include "micro/server/server.h"
#include "sched.h"

#define CACHE_PARTS 8 /* of memory, all but one of which the cache may take */

_Noreturn void home_entry(void)
{
    static struct thread thread;

    server_init();
    sched_init(&thread, NULL, NULL);
    if (disk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() - alloc_total_pages() / CACHE_PARTS)) < 0)
        env_log("the disk has no file system that can be mounted");
    server_before_end(fs_serve_end);
    server_run(fs_serve);
}

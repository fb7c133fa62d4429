/* SPDX-License-Identifier: MIT */
/* main.c: the library's start, in order: an operating system for one application, in the application. */
#include "alloc.h"
#include "base/panic.h"
#include "blk.h"
#include "console.h"
#include "exo/library/library.h"
#include "fs.h"
#include "posix.h"

#define CACHE_SHARE 4 /* the file cache may take a quarter of memory */

_Noreturn void home_entry(void)
{
    struct posix_program program = {.image = (const void *)PROGRAM_BASE, .bytes = user_info.program_bytes};

    user_init();
    user_library_init();
    console_init();
    if (blk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() / CACHE_SHARE)) < 0)
        env_log("the disk has no file system that can be mounted");
    if (posix_start(&program, user_program_words(), NULL) < 0)
        panic("the first process cannot be made");
    sched_exit();
}

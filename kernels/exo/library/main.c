/* SPDX-License-Identifier: MIT */
/* main.c: the library's start, in order: an operating system for one application, in the application. */
#include "alloc.h"
#include "base/panic.h"
#include "base/string.h"
#include "blk.h"
#include "console.h"
#include "exo/library/library.h"
#include "fs.h"
#include "net.h"
#include "posix.h"

#define CACHE_SHARE 4 /* the file cache may take a quarter of memory */
#define NETWORK_BYTES 64

/* Word number n "ip=..." of the options, n being this environment's number: *config is what net_init takes. */
static bool network_word(const char **config)
{
    static char text[NETWORK_BYTES];
    const char *word = user_info.command_line, *program = user_program_words();
    unsigned number = user_info.environment;
    size_t n = 0;

    for (;; word = strchr(word, ' ') + 1) {
        if (strncmp(word, "ip=", 3) == 0 && number-- == 0)
            break;
        if (!strchr(word, ' '))
            return false;
    }
    if (*program && word >= program)
        return false;
    for (word += 3; word[n] && word[n] != ' ' && n < sizeof text - 1; n++)
        text[n] = word[n];
    *config = strcmp(text, "loopback") ? text : NULL;
    return true;
}

static void network_start(void)
{
    const char *config;
    int error;

    if (!network_word(&config))
        return;
    error = net_init(config);
    if (error)
        env_log("there is no network: error %d", -error);
    else if (!sched_create(net_thread, NULL))
        panic("the network's thread cannot be made");
}

_Noreturn void home_entry(void)
{
    struct posix_program program = {.image = (const void *)PROGRAM_BASE, .bytes = user_info.program_bytes};

    user_init();
    user_library_init();
    console_init();
    if (blk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() / CACHE_SHARE)) < 0)
        env_log("the disk has no file system that can be mounted");
    network_start();
    if (posix_start(&program, user_program_words(), NULL) < 0)
        panic("the first process cannot be made");
    sched_exit();
}

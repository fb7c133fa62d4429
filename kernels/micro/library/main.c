/* SPDX-License-Identifier: MIT */
/* main.c: the order in which the application's library starts. */
#include "base/panic.h"
#include "micro/client/client.h"
#include "net.h"
#include "posix.h"

_Noreturn void home_entry(void)
{
    struct posix_program program = {.image = (const void *)PROGRAM_BASE, .bytes = user_info.program_bytes};

    char network[CLIENT_NETWORK_BYTES];

    user_init();
    client_init();
    user_library_init();
    if (client_network(network))
        net_init(network); /* its server has said so, if there is none */
    if (posix_start(&program, client_program_words(), NULL) < 0)
        panic("the first process cannot be made");
    sched_exit();
}

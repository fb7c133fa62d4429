/* SPDX-License-Identifier: MIT */
/*
 * compose.c: the processes of this system, and all that each is given.  A client's badge is its domain's number, and
 * each of two domains sees the memory that they share at its window of the other (protocol.h).
 *
 * nic reaches all of net's memory, for its device does; what sockets are ready net shows in memory, on either path of
 * data.
 */
#include "micro/compose.h"
#include "micro/protocol.h"

#define KIB 1024u
#define MODULE_IS(name) extern const char module_##name##_start[], module_##name##_end[]
#define WINDOW(domain, me, bytes)                                                                                      \
    {                                                                                                                  \
        DOMAIN_##domain, bytes, WINDOW_OFFSET(DOMAIN_##domain), WINDOW_OFFSET(DOMAIN_##me), "path=copy"                \
    }
#define WINDOW_ALWAYS(domain, me, bytes, at)                                                                           \
    {                                                                                                                  \
        DOMAIN_##domain, bytes, WINDOW_OFFSET(DOMAIN_##domain) + (at), WINDOW_OFFSET(DOMAIN_##me) + (at), NULL         \
    }

MODULE_IS(library);
MODULE_IS(fs);
MODULE_IS(blk);
MODULE_IS(console);
MODULE_IS(mem);
MODULE_IS(echo);
MODULE_IS(net);
MODULE_IS(nic);

struct endpoint *compose_service(void)
{
    return NULL;
}

void compose_end(void)
{
}

const struct micro_process micro_processes[] = {
    {
        .name = "blk",
        .domain = DOMAIN_BLK,
        .module = module_blk_start,
        .module_end = module_blk_end,
        .ram_least = 320 * KIB, /* with path=copy, data in flight passes through it */
        .devices = {MICRO_DEVICE_DISK},
        .handles = {GIVEN_MACHINE},
        .windows = {WINDOW(FS, BLK, 0)},
    },
    {
        .name = "fs",
        .domain = DOMAIN_FS,
        .module = module_fs_start,
        .module_end = module_fs_end,
        .ram_least = 512 * KIB,
        .ram_share = 72,
        .handles = {GIVEN_ENDPOINT(BLK, FS), GIVEN_MACHINE},
    },
    {
        .name = "console",
        .domain = DOMAIN_CONSOLE,
        .module = module_console_start,
        .module_end = module_console_end,
        .ram_least = 64 * KIB,
        .devices = {MICRO_DEVICE_SERIAL},
        .port_first = 0x3f8, /* COM1 */
        .port_count = 8,
        .ports_by_call = "ports=call",
        .handles = {GIVEN_PROCESS(LIBRARY, 0), GIVEN_MACHINE},
    },
    {
        .name = "mem",
        .domain = DOMAIN_MEM,
        .module = module_mem_start,
        .module_end = module_mem_end,
        .ram_least = 5120 * KIB,
        .ram_share = 140,
        .program = true,
        .handles = {GIVEN_ENDPOINT(FS, MEM), GIVEN_PROCESS(LIBRARY, HANDLE_GIVES | HANDLE_SPACES), GIVEN_MACHINE},
        .windows = {WINDOW(FS, MEM, BUFFER_FS_BYTES)},
    },
    {
        .name = "echo",
        .domain = DOMAIN_ECHO,
        .module = module_echo_start,
        .module_end = module_echo_end,
        .ram_least = 64 * KIB,
        .handles = {GIVEN_PROCESS(LIBRARY, HANDLE_GIVES), GIVEN_MACHINE},
    },
    {
        .name = "nic",
        .domain = DOMAIN_NIC,
        .network = true,
        .module = module_nic_start,
        .module_end = module_nic_end,
        .ram_least = 384 * KIB,
        .devices = {MICRO_DEVICE_NET},
        .handles = {GIVEN_PROCESS(NET, HANDLE_GIVES), GIVEN_MACHINE},
        .windows = {WINDOW_ALWAYS(NET, NIC, 0, 0)},
    },
    {
        .name = "net",
        .domain = DOMAIN_NET,
        .network = true,
        .module = module_net_start,
        .module_end = module_net_end,
        .ram_least = 1024 * KIB,
        .ram_share = 96,
        .handles = {GIVEN_ENDPOINT(NIC, NET), GIVEN_PROCESS(LIBRARY, 0), GIVEN_MACHINE},
    },
    {
        .name = "library",
        .domain = DOMAIN_LIBRARY,
        .module = module_library_start,
        .module_end = module_library_end,
        .ram_least = 1024 * KIB,
        .ram_share = 28,
        .pager = DOMAIN_MEM,
        .pager_badge = DOMAIN_LIBRARY,
        .program = true,
        .application = true,
        .handles = {GIVEN_ENDPOINT(FS, LIBRARY), GIVEN_ENDPOINT(CONSOLE, LIBRARY), GIVEN_ENDPOINT(MEM, LIBRARY),
                    GIVEN_ENDPOINT(ECHO, LIBRARY), GIVEN_ENDPOINT(NET, LIBRARY), GIVEN_MACHINE},
        .windows = {WINDOW(FS, LIBRARY, BUFFER_FS_BYTES), WINDOW(CONSOLE, LIBRARY, BUFFER_CONSOLE_BYTES),
                    WINDOW(ECHO, LIBRARY, BUFFER_ECHO_BYTES), WINDOW(NET, LIBRARY, BUFFER_NET_BYTES),
                    WINDOW_ALWAYS(NET, LIBRARY, NET_SHOWN_BYTES, NET_SHOWN)},
    },
};
const unsigned micro_process_count = sizeof micro_processes / sizeof *micro_processes;

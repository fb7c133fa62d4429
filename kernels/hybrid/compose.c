/* SPDX-License-Identifier: MIT */
/*
 * compose.c: the processes around the kernel: the memory server, the drivers of console and network interface, the
 * network, the application.  A client's badge is its domain's number.  Data that does not fit messages is copied by the
 * kernel; only net shows the application what sockets are ready, and nic reaches net's memory, as in micro/compose.c.
 */
#include "micro/compose.h"
#include "micro/protocol.h"

#define KIB 1024u
#define MODULE(name) .module = module_##name##_start, .module_end = module_##name##_end

extern const char module_library_start[], module_library_end[], module_console_start[], module_console_end[];
extern const char module_mem_start[], module_mem_end[], module_echo_start[], module_echo_end[];
extern const char module_net_start[], module_net_end[], module_nic_start[], module_nic_end[];

const struct micro_process micro_processes[] = {
    {
        .name = "console",
        .domain = DOMAIN_CONSOLE,
        MODULE(console),
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
        MODULE(mem),
        .ram_least = 1024 * KIB,
        .ram_share = 140,
        .program = true,
        .handles = {GIVEN_SERVICE(MEM), GIVEN_PROCESS(LIBRARY, HANDLE_GIVES | HANDLE_SPACES), GIVEN_MACHINE},
    },
    {
        .name = "echo",
        .domain = DOMAIN_ECHO,
        MODULE(echo),
        .ram_least = 64 * KIB,
        .handles = {GIVEN_PROCESS(LIBRARY, HANDLE_GIVES), GIVEN_MACHINE},
    },
    {
        .name = "nic",
        .domain = DOMAIN_NIC,
        .network = true,
        MODULE(nic),
        .ram_least = 384 * KIB,
        .devices = {MICRO_DEVICE_NET},
        .handles = {GIVEN_PROCESS(NET, HANDLE_GIVES), GIVEN_MACHINE},
        .windows = {{DOMAIN_NET, 0, WINDOW_OFFSET(DOMAIN_NET), WINDOW_OFFSET(DOMAIN_NIC), NULL}},
    },
    {
        .name = "net",
        .domain = DOMAIN_NET,
        .network = true,
        MODULE(net),
        .ram_least = 1024 * KIB,
        .ram_share = 96,
        .handles = {GIVEN_ENDPOINT(NIC, NET), GIVEN_PROCESS(LIBRARY, 0), GIVEN_MACHINE},
    },
    {
        .name = "library",
        .domain = DOMAIN_LIBRARY,
        MODULE(library),
        .ram_least = 1024 * KIB,
        .ram_share = 28,
        .pager = DOMAIN_MEM,
        .pager_badge = DOMAIN_LIBRARY,
        .program = true,
        .application = true,
        .handles = {GIVEN_SERVICE(LIBRARY), GIVEN_ENDPOINT(CONSOLE, LIBRARY), GIVEN_ENDPOINT(MEM, LIBRARY),
                    GIVEN_ENDPOINT(ECHO, LIBRARY), GIVEN_ENDPOINT(NET, LIBRARY), GIVEN_MACHINE},
        .windows = {{DOMAIN_NET, NET_SHOWN_BYTES, WINDOW_OFFSET(DOMAIN_NET) + NET_SHOWN,
                     WINDOW_OFFSET(DOMAIN_LIBRARY) + NET_SHOWN, NULL}},
    },
};
const unsigned micro_process_count = sizeof micro_processes / sizeof *micro_processes;

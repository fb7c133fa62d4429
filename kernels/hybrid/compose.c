/* SPDX-License-Identifier: MIT */
/*
 * compose.c: the processes around the kernel: the memory server, the console's driver, the application.  A client's
 * badge is its domain's number.  None shares memory with another, so what does not fit messages is copied by the
 * kernel.
 */
#include "micro/compose.h"
#include "micro/micro.h"

#define KIB 1024u
#define MODULE(name) .module = module_##name##_start, .module_end = module_##name##_end

extern const char module_library_start[], module_library_end[], module_console_start[], module_console_end[];
extern const char module_mem_start[], module_mem_end[], module_echo_start[], module_echo_end[];

const struct micro_process micro_processes[] = {
    {
        .name = "console",
        .domain = DOMAIN_CONSOLE,
        MODULE(console),
        .ram_least = 64 * KIB,
        .device = MICRO_DEVICE_SERIAL,
        .port_first = 0x3f8, /* COM1 */
        .port_count = 8,
        .ports_by_call = "ports=call",
        .handles = {{HANDLE_APP, MICRO_GIVEN_PROCESS, DOMAIN_LIBRARY, 0}, {HANDLE_MACHINE, MICRO_GIVEN_MACHINE, 0, 0}},
    },
    {
        .name = "mem",
        .domain = DOMAIN_MEM,
        MODULE(mem),
        .ram_least = 1024 * KIB,
        .ram_share = 140,
        .program = true,
        .handles = {{HANDLE_FS, MICRO_GIVEN_SERVICE, 0, DOMAIN_MEM},
                    {HANDLE_APP, MICRO_GIVEN_PROCESS, DOMAIN_LIBRARY, 0},
                    {HANDLE_MACHINE, MICRO_GIVEN_MACHINE, 0, 0}},
    },
    {
        .name = "echo",
        .domain = DOMAIN_ECHO,
        MODULE(echo),
        .ram_least = 64 * KIB,
        .handles = {{HANDLE_APP, MICRO_GIVEN_PROCESS, DOMAIN_LIBRARY, 0}, {HANDLE_MACHINE, MICRO_GIVEN_MACHINE, 0, 0}},
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
        .handles = {{HANDLE_FS, MICRO_GIVEN_SERVICE, 0, DOMAIN_LIBRARY},
                    {HANDLE_CONSOLE, MICRO_GIVEN_ENDPOINT, DOMAIN_CONSOLE, DOMAIN_LIBRARY},
                    {HANDLE_MEM, MICRO_GIVEN_ENDPOINT, DOMAIN_MEM, DOMAIN_LIBRARY},
                    {HANDLE_ECHO, MICRO_GIVEN_ENDPOINT, DOMAIN_ECHO, DOMAIN_LIBRARY},
                    {HANDLE_MACHINE, MICRO_GIVEN_MACHINE, 0, 0}},
    },
};
const unsigned micro_process_count = sizeof micro_processes / sizeof *micro_processes;

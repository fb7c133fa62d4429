/* SPDX-License-Identifier: MIT */
/* compose.c: the processes: the system, and the application, whose programs get everything from it. */
#include "micro/compose.h"

#define KIB 1024u

extern const char module_system_start[], module_system_end[], module_program_side_start[], module_program_side_end[];

struct endpoint *compose_service(void)
{
    return NULL;
}

void compose_end(void)
{
}

const struct micro_process micro_processes[] = {
    {
        .name = "system",
        .domain = DOMAIN_SYSTEM,
        .module = module_system_start,
        .module_end = module_system_end,
        .ram_least = 4096 * KIB,
        .ram_share = 240,
        .program = true,
        .devices = {MICRO_DEVICE_DISK, MICRO_DEVICE_SERIAL, MICRO_DEVICE_NET},
        .port_first = 0x3f8, /* COM1 */
        .port_count = 8,
        .ports_by_call = "ports=call",
        .handles = {GIVEN_PROCESS(LIBRARY, HANDLE_GIVES | HANDLE_SPACES), GIVEN_MACHINE},
    },
    {
        .name = "program",
        .domain = DOMAIN_LIBRARY,
        .module = module_program_side_start,
        .module_end = module_program_side_end,
        .common = true,
        .application = true,
    },
};
const unsigned micro_process_count = sizeof micro_processes / sizeof *micro_processes;

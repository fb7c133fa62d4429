/* SPDX-License-Identifier: MIT */
/*
 * bus.c: what a driver in ring 3 reaches of the machine: the registers of its own devices, which the kernel has mapped,
 * and of PCI its own functions, by calls of the kernel.
 */
#include "machine/bus.h"
#include "base/string.h"
#include "machine/bus_bar.h"
#include "micro/client/message.h"
#include <stddef.h>

volatile void *bus_map(uint64_t physical, uint64_t bytes)
{
    for (unsigned i = 0; i < DOMAIN_DEVICES_MAX; i++) {
        uint64_t offset = physical - user_info.device[i].physical;
        if (offset < user_info.device[i].bytes && bytes <= user_info.device[i].bytes - offset)
            return (volatile char *)&user_info + (DOMAIN_DEVICE - DOMAIN_INFO) + (uint64_t)i * DOMAIN_DEVICE_STRIDE +
                   user_info.device[i].physical % 4096 + offset;
    }
    return NULL;
}

const char *bus_command_line(const char *prefix, unsigned index)
{
    size_t n = strlen(prefix);

    for (const char *word = user_info.command_line; *word;) {
        if (!strncmp(word, prefix, n) && index-- == 0)
            return word;
        while (*word && *word != ' ')
            word++;
        while (*word == ' ')
            word++;
    }
    return NULL;
}

int bus_has_pci(void)
{
    return user_info.device_pci != 0;
}

/* The functions that the kernel has given are seen as the first devices of all; no others are. */
static bool is_given(unsigned bus, unsigned device, unsigned function)
{
    return bus == 0 && function == 0 && device < user_info.device_pci;
}

static uint64_t config_port(unsigned device, unsigned offset)
{
    return MICRO_PORT_CONFIG + device * MICRO_PORT_CONFIG_BYTES + offset % MICRO_PORT_CONFIG_BYTES;
}

uint32_t bus_pci_read(unsigned bus, unsigned device, unsigned function, unsigned offset)
{
    return is_given(bus, device, function)
               ? (uint32_t)user_call(MICRO_PORT_IN, config_port(device, offset), 4, 0, 0, 0, 0)
               : UINT32_MAX;
}

void bus_pci_write(unsigned bus, unsigned device, unsigned function, unsigned offset, uint32_t value)
{
    if (is_given(bus, device, function))
        user_call(MICRO_PORT_OUT, config_port(device, offset), 4, value, 0, 0, 0);
}

/* The kernel has directed the devices' messages to lines already; drivers ask for them in the same order. */
void bus_msi_target(unsigned n, uint64_t *address, uint32_t *data)
{
    *address = user_info.msi[n % DOMAIN_GIVEN_MAX].address;
    *data = user_info.msi[n % DOMAIN_GIVEN_MAX].data;
}

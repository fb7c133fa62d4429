/* SPDX-License-Identifier: MIT */
/* bus_pci.c: PCI configuration space by mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3.2). */
#include "machine/bus.h"
#include "machine/x86.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define ENABLE (1u << 31)

static uint32_t address(unsigned bus, unsigned device, unsigned function, unsigned offset)
{
    return ENABLE | bus << 16 | device << 11 | function << 8 | (offset & 0xfc);
}

uint32_t bus_pci_read(unsigned bus, unsigned device, unsigned function, unsigned offset)
{
    x86_out32(PORT_ADDRESS, address(bus, device, function, offset));
    return x86_in32(PORT_DATA);
}

void bus_pci_write(unsigned bus, unsigned device, unsigned function, unsigned offset, uint32_t value)
{
    x86_out32(PORT_ADDRESS, address(bus, device, function, offset));
    x86_out32(PORT_DATA, value);
}

int bus_has_pci(void)
{
    x86_out32(PORT_ADDRESS, ENABLE);
    return x86_in32(PORT_ADDRESS) == ENABLE && x86_in32(PORT_DATA) != UINT32_MAX;
}

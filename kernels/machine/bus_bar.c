/* SPDX-License-Identifier: MIT */
/*
 * bus_bar.c: base address registers of PCI functions (PCI Local Bus Specification 3.0, section 6.2.5).  The firmware
 * has normally given each an address; those that it left out get theirs from a window under the APICs.
 */
#include "machine/bus_bar.h"
#include "machine/bus.h"
#include <stdbool.h>
#include <stddef.h>

#define PCI_BAR(n) (0x10 + 4 * (n))
#define PCI_BARS 6
#define BAR_IO 1u
#define BAR_WIDTH 6u
#define BAR_WIDE 4u
#define BAR_FLAGS 0xfu

#define WINDOW_START 0xfe000000u
#define WINDOW_END 0xfec00000u

static uint32_t window_next = WINDOW_START;

/* Gives BAR n, whose address is 0, one that is aligned to its size; 0 if there is no room. */
static uint32_t bar_assign(unsigned device, unsigned n, bool wide)
{
    bus_pci_write(0, device, 0, PCI_BAR(n), UINT32_MAX);
    uint32_t size = -(bus_pci_read(0, device, 0, PCI_BAR(n)) & ~BAR_FLAGS);
    uint32_t start = size ? (window_next + size - 1) & -size : 0;
    if (start < WINDOW_START || size > WINDOW_END - start)
        start = 0;
    else
        window_next = start + size;
    bus_pci_write(0, device, 0, PCI_BAR(n), start);
    if (wide)
        bus_pci_write(0, device, 0, PCI_BAR(n + 1), 0);
    return start;
}

/* Physical address of BAR n; 0 if it is not memory or cannot get an address. */
static uint64_t bar_address(unsigned device, unsigned n)
{
    if (n >= PCI_BARS)
        return 0;
    uint32_t low = bus_pci_read(0, device, 0, PCI_BAR(n));
    if (low & BAR_IO)
        return 0;
    bool wide = (low & BAR_WIDTH) == BAR_WIDE && n + 1 < PCI_BARS;
    uint64_t address = low & ~BAR_FLAGS;
    if (wide)
        address |= (uint64_t)bus_pci_read(0, device, 0, PCI_BAR(n + 1)) << 32;
    return address ? address : bar_assign(device, n, wide);
}

volatile uint8_t *bus_bar_map(unsigned device, unsigned n, uint32_t offset, uint32_t bytes)
{
    uint64_t address = bar_address(device, n);
    return address && bytes ? bus_map(address + offset, bytes) : NULL;
}

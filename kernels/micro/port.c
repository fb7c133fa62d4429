/* SPDX-License-Identifier: MIT */
/* port.c: a process's own ports, and the PCI configuration space of its devices, by calls. */
#include "micro/port.h"
#include "base/errno.h"
#include "machine/bus.h"
#include "machine/x86.h"
#include "micro/device.h"
#include "micro/micro.h"
#include "micro/process.h"
#include "micro/tcb.h"

#define CONFIG_COMMAND 4
#define COMMAND_OWN 0x406u /* memory, bus master, no interrupt line */

static bool is_own(const struct process *p, uint64_t port, uint64_t bytes)
{
    return (bytes == 1 || bytes == 4) && port >= p->port_first && port <= UINT16_MAX &&
           port + bytes <= (uint64_t)p->port_first + p->port_count;
}

/* The device in whose configuration space port lies; NULL: none of p's. */
static const struct device *config_of(const struct process *p, uint64_t port, uint64_t bytes)
{
    uint64_t n = (port - MICRO_PORT_CONFIG) / MICRO_PORT_CONFIG_BYTES;

    return bytes == 4 && port % 4 == 0 && n < DOMAIN_GIVEN_MAX ? p->pci[n] : NULL;
}

/* The device's addresses are the kernel's to choose. */
static void config_write(const struct device *d, unsigned offset, uint32_t value)
{
    if (offset == CONFIG_COMMAND)
        value &= COMMAND_OWN;
    else if (!d->msix || offset != d->msix)
        return;
    bus_pci_write(0, d->number, 0, offset, value);
}

int64_t port_call_in(uint64_t port, uint64_t bytes)
{
    const struct process *p = tcb_running->process;
    const struct device *d = config_of(p, port, bytes);

    if (d)
        return bus_pci_read(0, d->number, 0, (unsigned)port % MICRO_PORT_CONFIG_BYTES);
    if (!is_own(p, port, bytes))
        return -EPERM;
    return bytes == 1 ? x86_in8((uint16_t)port) : x86_in32((uint16_t)port);
}

int64_t port_call_out(uint64_t port, uint64_t bytes, uint64_t value)
{
    const struct process *p = tcb_running->process;
    const struct device *d = config_of(p, port, bytes);

    if (d) {
        config_write(d, (unsigned)port % MICRO_PORT_CONFIG_BYTES, (uint32_t)value);
        return 0;
    }
    if (!is_own(p, port, bytes))
        return -EPERM;
    if (bytes == 1)
        x86_out8((uint16_t)port, (uint8_t)value);
    else
        x86_out32((uint16_t)port, (uint32_t)value);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * bus.h: what drivers and transports need to reach devices; the home decides which devices that is.
 *
 * Interrupt lines are numbered by what raises them: IRQ_GSI(n) is input n of the I/O APIC, IRQ_MSI(n) the n-th
 * message-signalled interrupt.
 */
#ifndef TOLL_BUS_H
#define TOLL_BUS_H

#include <stdint.h>

#define IRQ_GSI(n) (n)
#define IRQ_MSI_BASE 64u
#define IRQ_MSI(n) (IRQ_MSI_BASE + (n))
#define IRQ_MSI_MAX 16u

/* Device registers at physical address [physical, physical + bytes), uncached; NULL if they cannot be reached. */
volatile void *bus_map(uint64_t physical, uint64_t bytes);

/* PCI configuration space of function bus:device.function (mechanism 1, ports 0xcf8 and 0xcfc).  All ones where
   there is nothing, or no PCI at all. */
uint32_t bus_pci_read(unsigned bus, unsigned device, unsigned function, unsigned offset);
void bus_pci_write(unsigned bus, unsigned device, unsigned function, unsigned offset, uint32_t value);
int bus_has_pci(void);

/* The word of the kernel's command line that begins with prefix, number index (0 the first), or NULL; it ends at a
   blank or NUL. */
const char *bus_command_line(const char *prefix, unsigned index);

/* Message address and data that make IRQ_MSI(n) fire on this processor. */
void bus_msi_target(unsigned n, uint64_t *address, uint32_t *data);

#endif

/* SPDX-License-Identifier: MIT */
/* device.h: where devices are that drivers outside the kernel get. */
#ifndef TOLL_MICRO_DEVICE_H
#define TOLL_MICRO_DEVICE_H

#include "machine/domain.h"
#include "machine/virtio.h"
#include <stdbool.h>
#include <stdint.h>

struct device {
    bool pci;
    uint32_t line;   /* as bus.h numbers them */
    unsigned number; /* on PCI: of the device on bus 0, whose function 0 it is */
    unsigned msix;   /* on PCI: where in its configuration space that capability is; 0: none */
    unsigned count;
    struct {
        uint64_t physical, bytes;
    } registers[DOMAIN_DEVICES_MAX];
};

/* Looks for the first device of that type.  Once for each, and only if its driver is outside the kernel: it is set up
   for that.  NULL: there is none. */
const struct device *device_find(enum virtio_type type);

#endif

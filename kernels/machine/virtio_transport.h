/* SPDX-License-Identifier: MIT */
/* virtio_transport.h: between virtio.c and the two transports.  Each probe finds a device of a type on its own bus,
   passing over *skip of them and counting *skip down for each: 0 or -ENODEV. */
#ifndef TOLL_VIRTIO_TRANSPORT_H
#define TOLL_VIRTIO_TRANSPORT_H

#include "machine/virtio.h"

int virtio_mmio_find(enum virtio_type type, unsigned *skip, struct virtio_device *out);
int virtio_pci_find(enum virtio_type type, unsigned *skip, struct virtio_device *out);

#endif

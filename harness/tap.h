/* SPDX-License-Identifier: MIT */
/*
 * tap.h: a network interface of this host whose other end is a guest's card (Linux, networking/tuntap), with a subnet
 * of two addresses to itself.
 *
 * The interface belongs to its descriptor and is not made persistent: the kernel removes it, with its address and its
 * route, when toll and QEMU, which inherits the descriptor, have both ended, in whatever way.  So there is nothing to
 * be put back.  Takes CAP_NET_ADMIN and /dev/net/tun.
 */
#ifndef TOLL_TAP_H
#define TOLL_TAP_H

#include "error.h"
#include <stdint.h>

#define TAP_PREFIX 30 /* four addresses: the subnet's, ours, the guest's, broadcast */

struct tap {
    int fd;
    char name[16];
    uint32_t subnet; /* this and all addresses here in the host's byte order */
};

static inline uint32_t tap_ours(const struct tap *tap)
{
    return tap->subnet + 1;
}

static inline uint32_t tap_guests(const struct tap *tap)
{
    return tap->subnet + 2;
}

/* Makes the interface, up and with our address.  -1 with an error that says what is missing. */
int tap_open(struct tap *tap, struct error *error);

/* Gives back our descriptor of it.  A tap that is not open has fd -1. */
void tap_close(struct tap *tap);

/* The first subnet of 198.18.0.0/15, which is set aside for measurements of networks (RFC 2544, appendix C.2.2; RFC
   6890), that no route leads to, other than the default route and those of the interface `own` (may be NULL).  routes:
   the text of /proc/net/route.  Looks from number `first` on, of 32768, and around.  0: all are taken. */
uint32_t tap_subnet_find(const char *routes, const char *own, unsigned first);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * tap.c: /dev/net/tun and the requests of netdevice(7).
 */
#include "tap.h"
#include "arena.h"
#include "file.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TUN "/dev/net/tun"
#define ROUTES "/proc/net/route"
#define POOL 0xc6120000u /* 198.18.0.0/15 */
#define POOL_SUBNETS (1u << (TAP_PREFIX - 15))
#define SUBNET_MASK (~0u << (32 - TAP_PREFIX))
#define TRIES 8 /* another toll may take the same subnet at the same moment */

/* One line of /proc/net/route; addresses there are hexadecimal words of memory in network order. */
static bool route_read(const char *line, char name[IFNAMSIZ], uint32_t *destination, uint32_t *mask)
{
    unsigned to, of;

    if (sscanf(line, "%15s %x %*x %*x %*d %*d %*d %x", name, &to, &of) != 3)
        return false;
    *destination = ntohl(to);
    *mask = ntohl(of);
    return true;
}

static bool is_routed(const char *routes, const char *own, uint32_t subnet)
{
    const char *line = routes;

    while ((line = strchr(line, '\n')) && *++line) {
        char name[IFNAMSIZ];
        uint32_t destination, mask;

        if (!route_read(line, name, &destination, &mask) || mask == 0 || (own && strcmp(name, own) == 0))
            continue;
        if (((destination ^ subnet) & mask & SUBNET_MASK) == 0)
            return true;
    }
    return false;
}

uint32_t tap_subnet_find(const char *routes, const char *own, unsigned first)
{
    for (unsigned i = 0; i < POOL_SUBNETS; i++) {
        uint32_t subnet = POOL + ((first + i) % POOL_SUBNETS << (32 - TAP_PREFIX));

        if (!is_routed(routes, own, subnet))
            return subnet;
    }
    return 0;
}

static int tun_open(struct tap *tap, struct error *error)
{
    struct ifreq request = {.ifr_name = "toll%d", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};

    tap->fd = open(TUN, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tap->fd < 0)
        return error_set(
            error, TOLL_HOST, "a tap needs " TUN ", which cannot be opened: %s; %s, or use the network \"user\"",
            strerror(errno),
            errno == ENOENT || errno == ENODEV ? "load the module (modprobe tun)" : "be root, or have CAP_NET_ADMIN");
    if (ioctl(tap->fd, TUNSETIFF, &request) == 0) {
        memcpy(tap->name, request.ifr_name, sizeof(tap->name));
        return 0;
    }
    error_set(error, TOLL_HOST, "cannot make a tap: %s; be root, or have CAP_NET_ADMIN, or use the network \"user\"",
              strerror(errno));
    tap_close(tap);
    return -1;
}

static int address_set(int s, const struct tap *tap, unsigned long what, uint32_t address)
{
    struct ifreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};

    memcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
    memcpy(&request.ifr_addr, &in, sizeof(in)); /* ifr_netmask lies there too */
    return ioctl(s, what, &request);
}

/* Without IPv6, whose announcements would be frames that nobody asked for. */
static int interface_raise(int s, const struct tap *tap)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    char path[96];
    int fd;

    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", tap->name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "1", 1) < 0)
        errno = 0; /* it is as good with them, only less quiet */
    if (fd >= 0)
        close(fd);
    memcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
    return ioctl(s, SIOCSIFFLAGS, &request);
}

/* Takes a subnet; 1: another took it at the same moment. */
static int subnet_take(int s, struct tap *tap, unsigned first, struct error *error)
{
    struct arena arena = {0};
    const char *routes = file_read(&arena, ROUTES, NULL, error);
    int result = -1;

    tap->subnet = routes ? tap_subnet_find(routes, tap->name, first) : 0;
    if (routes && !tap->subnet)
        error_set(error, TOLL_HOST,
                  "a tap needs a subnet, and routes lead to all of 198.18.0.0/15; use the network \"user\"");
    else if (routes && (address_set(s, tap, SIOCSIFADDR, tap_ours(tap)) ||
                        address_set(s, tap, SIOCSIFNETMASK, SUBNET_MASK) || interface_raise(s, tap)))
        error_set(error, TOLL_HOST, "cannot set up the interface %s: %s; use the network \"user\"", tap->name,
                  strerror(errno));
    else if (routes && (routes = file_read(&arena, ROUTES, NULL, error)))
        result = is_routed(routes, tap->name, tap->subnet);
    arena_free(&arena);
    return result;
}

int tap_open(struct tap *tap, struct error *error)
{
    unsigned first = (unsigned)getpid();
    int s, taken = 1;

    *tap = (struct tap){.fd = -1};
    if (tun_open(tap, error))
        return -1;
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < TRIES && taken > 0; i++, first += (unsigned)getpid() + 1)
        taken = subnet_take(s, tap, first, error);
    if (taken > 0)
        error_set(error, TOLL_HOST, "a tap needs a subnet, and others took each that was tried; try again");
    if (s >= 0)
        close(s);
    if (taken)
        tap_close(tap);
    return taken ? -1 : 0;
}

void tap_close(struct tap *tap)
{
    if (tap->fd >= 0)
        close(tap->fd);
    tap->fd = -1;
}

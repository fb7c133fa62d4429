/* SPDX-License-Identifier: MIT */
/*
 * network.c: brings the baseline's network up: loopback, and the first interface with a static address.  The same word
 * of the command line as the other structures' kernels have says which.
 */
#include "init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERFACE "eth0"

static struct sockaddr address_of(uint32_t ip)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip)};
    struct sockaddr out;

    memcpy(&out, &in, sizeof(out));
    return out;
}

static bool set(int s, const char *name, unsigned long what, uint32_t ip)
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    request.ifr_addr = address_of(ip); /* and ifr_netmask, which lies there too */
    return ioctl(s, what, &request) == 0;
}

static bool up(int s, const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    return ioctl(s, SIOCSIFFLAGS, &request) == 0;
}

static bool route(int s, uint32_t gateway)
{
    struct rtentry entry = {.rt_dst = address_of(0),
                            .rt_genmask = address_of(0),
                            .rt_gateway = address_of(gateway),
                            .rt_flags = RTF_UP | RTF_GATEWAY};

    return ioctl(s, SIOCADDRT, &entry) == 0;
}

/* word: ADDRESS/PREFIX[,GATEWAY]. */
static bool configure(int s, const char *word)
{
    unsigned a[4], g[4], prefix;
    int n = sscanf(word, "%3u.%3u.%3u.%3u/%2u,%3u.%3u.%3u.%3u", &a[0], &a[1], &a[2], &a[3], &prefix, &g[0], &g[1],
                   &g[2], &g[3]);

    if (n < 5 || prefix < 1 || prefix > 32) {
        errno = EINVAL;
        return false;
    }
    return up(s, "lo") && set(s, INTERFACE, SIOCSIFADDR, a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3]) &&
           set(s, INTERFACE, SIOCSIFNETMASK, ~(uint32_t)0 << (32 - prefix)) && up(s, INTERFACE) &&
           (n < 9 || route(s, g[0] << 24 | g[1] << 16 | g[2] << 8 | g[3]));
}

void network_start(const char *command_line)
{
    const char *word = strstr(command_line, " ip="), *programs = strstr(command_line, " -- ");
    int s;

    if (!word || (programs && programs < word))
        return;
    init_load_modules("/modules.network");
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0 || !configure(s, word + 4))
        init_print("init: network: %s\n", strerror(errno));
    close(s);
}

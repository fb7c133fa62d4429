/* SPDX-License-Identifier: MIT */
/* socket_name.c: addresses of IPv4 as programs have them, and the names of sockets (man-pages ip(7)). */
#include "socket.h"

#define SOCKADDR_MAX 128 /* of struct sockaddr_storage */

static uint16_t swap16(uint16_t v)
{
    return __builtin_bswap16(v);
}

/* Family 0 stands for no address at all, with which connect takes a datagram socket's peer away. */
int address_read(uaddr_t at, uint64_t length, struct net_address *out)
{
    struct linux_sockaddr_in in = {0};
    uint32_t bytes = (uint32_t)length < sizeof in ? (uint32_t)length : sizeof in;

    if ((uint32_t)length > SOCKADDR_MAX || bytes < sizeof in.family)
        return -EINVAL;
    if (env_copy_in(&in, at, bytes))
        return -EFAULT;
    if (in.family != AF_INET && in.family != AF_UNSPEC)
        return -EAFNOSUPPORT;
    if (in.family == AF_INET && bytes < sizeof in)
        return -EINVAL;
    *out = (struct net_address){0, 0};
    if (in.family == AF_INET)
        *out = (struct net_address){__builtin_bswap32(in.address), swap16(in.port)};
    return 0;
}

int address_write(uaddr_t at, uaddr_t length, const struct net_address *address)
{
    const struct linux_sockaddr_in in = {AF_INET, swap16(address->port), __builtin_bswap32(address->ip), {0}};
    const int bytes = sizeof in;
    int room;

    if (env_copy_in(&room, length, sizeof room))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (env_copy_out(at, &in, room < bytes ? (uint32_t)room : sizeof in))
        return -EFAULT;
    return env_copy_out(length, &bytes, sizeof bytes);
}

static int64_t name_put(uint64_t fd, bool peer, uint64_t address, uint64_t length)
{
    struct socket *s = fd_socket(fd);
    struct net_address name;
    int error = s ? net_name(s->number, peer, &name) : socket_missing(fd);

    return error ? error : address_write(address, length, &name);
}

int64_t posix_getsockname(OS_N, uint64_t fd, uint64_t address, uint64_t length)
{
    return name_put(fd, false, address, length);
}

int64_t posix_getpeername(OS_N, uint64_t fd, uint64_t address, uint64_t length)
{
    return name_put(fd, true, address, length);
}

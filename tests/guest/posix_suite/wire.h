/* SPDX-License-Identifier: MIT */
/* wire.h: sockets over loopback, for the suite's files about them. */
#ifndef TOLL_SUITE_WIRE_H
#define TOLL_SUITE_WIRE_H

#include "posix_suite/suite.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define PORT 29731

static inline struct sockaddr_in address(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline int at(int (*call)(int, const struct sockaddr *, socklen_t), int fd, uint16_t port)
{
    struct sockaddr_in a = address(port);

    return call(fd, (struct sockaddr *)&a, sizeof a);
}

/* Events that are there within a while; errors and ends come by themselves. */
static inline int ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    return poll(&p, 1, 2000) < 0 ? -1 : p.revents;
}

static inline int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    return getsockopt(fd, level, name, &value, &length) ? -1 : value;
}

static inline int set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * net_none.c: net.h where no network is linked: no socket can be opened, so nothing else is ever called.  Weak: part
 * net, or a stub that asks a server, takes its place.
 */
#include "base/errno.h"
#include "net.h"
#include "sched.h"

#define WEAK __attribute__((weak))

WEAK int net_init(const char *config)
{
    (void)config;
    return -ENODEV;
}

WEAK uint64_t net_work(void)
{
    return SCHED_FOREVER;
}

WEAK bool net_pending(void)
{
    return false;
}

WEAK int net_open(enum net_kind kind)
{
    (void)kind;
    return -ENODEV;
}

WEAK void net_close(int s)
{
    (void)s;
}

WEAK int net_bind(int s, const struct net_address *at)
{
    (void)s, (void)at;
    return -ENODEV;
}

WEAK int net_listen(int s, unsigned backlog)
{
    (void)s, (void)backlog;
    return -ENODEV;
}

WEAK int net_accept(int s, struct net_address *peer)
{
    (void)s, (void)peer;
    return -ENODEV;
}

WEAK int net_connect(int s, const struct net_address *to)
{
    (void)s, (void)to;
    return -ENODEV;
}

WEAK int64_t net_receive(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    (void)s, (void)buffer, (void)n, (void)flags, (void)from;
    return -ENODEV;
}

WEAK int64_t net_send(int s, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to)
{
    (void)s, (void)buffer, (void)n, (void)flags, (void)to;
    return -ENODEV;
}

WEAK int net_shutdown(int s, bool receiving, bool sending)
{
    (void)s, (void)receiving, (void)sending;
    return -ENODEV;
}

WEAK int net_name(int s, bool peer, struct net_address *out)
{
    (void)s, (void)peer, (void)out;
    return -ENODEV;
}

WEAK int net_option_set(int s, enum net_option option, uint64_t value)
{
    (void)s, (void)option, (void)value;
    return -ENODEV;
}

WEAK int64_t net_option_get(int s, enum net_option option)
{
    (void)s, (void)option;
    return -ENODEV;
}

WEAK uint32_t net_ready(int s)
{
    (void)s;
    return NET_ERROR | NET_HANGUP;
}

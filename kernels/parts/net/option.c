/* SPDX-License-Identifier: MIT */
/* option.c: options of sockets.  They are kept with the socket, for its pcb may not be there yet, or no longer. */
#include "net_part.h"

static bool *flag_of(struct socket *s, enum net_option option)
{
    switch (option) {
    case NET_OPTION_REUSE:
        return &s->reuse;
    case NET_OPTION_NODELAY:
        return s->kind == NET_STREAM ? &s->nodelay : NULL;
    case NET_OPTION_KEEPALIVE:
        return &s->keepalive;
    case NET_OPTION_BROADCAST:
        return &s->broadcast;
    default:
        return NULL;
    }
}

static void mask_set(u8_t *options, u8_t mask, bool on)
{
    *options = (u8_t)(on ? *options | mask : *options & ~mask);
}

void socket_options_apply(struct socket *s)
{
    struct ip_pcb *pcb = (struct ip_pcb *)s->udp; /* the members that all pcbs begin with */

    if (!pcb)
        return;
    mask_set(&pcb->so_options, SOF_REUSEADDR, s->reuse);
    mask_set(&pcb->so_options, SOF_KEEPALIVE, s->keepalive);
    mask_set(&pcb->so_options, SOF_BROADCAST, s->broadcast);
    if (s->kind == NET_STREAM && s->state != SOCKET_LISTENING)
        stream_options_apply(s);
}

int net_option_set(int number, enum net_option option, uint64_t value)
{
    struct socket *s = socket_find(number);
    bool *flag;

    if (!s)
        return -EBADF;
    if (option == NET_OPTION_LINGER) {
        s->linger = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
        return 0;
    }
    flag = flag_of(s, option);
    if (!flag)
        return -ENOPROTOOPT;
    *flag = value != 0;
    socket_options_apply(s);
    return 0;
}

int64_t net_option_get(int number, enum net_option option)
{
    struct socket *s = socket_find(number);
    bool *flag = s ? flag_of(s, option) : NULL;

    if (!s)
        return -EBADF;
    if (flag)
        return *flag;
    switch (option) {
    case NET_OPTION_ERROR:
        return -socket_error_take(s);
    case NET_OPTION_LINGER:
        return s->linger;
    case NET_OPTION_SEND_BYTES:
    case NET_OPTION_RECEIVE_BYTES:
        return NET_BUFFER_BYTES;
    case NET_OPTION_KIND:
        return s->kind;
    case NET_OPTION_LISTENS:
        return s->state == SOCKET_LISTENING;
    case NET_OPTION_UNREAD:
        return s->kind == NET_STREAM ? s->waiting_bytes : datagram_unread(s);
    default:
        return -ENOPROTOOPT;
    }
}

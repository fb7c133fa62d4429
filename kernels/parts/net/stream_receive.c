/* SPDX-License-Identifier: MIT */
/*
 * stream_receive.c: what came goes from the buffers in which it came to the caller.  The copy may sleep: the buffer is
 * held, and if another receiver took something in the meantime this one starts again.
 */
#include "net_part.h"

void stream_discard(struct socket *s)
{
    struct pbuf *p = s->first;

    while (p) {
        struct pbuf *next = p->next;
        p->next = NULL;
        pbuf_free(p);
        p = next;
    }
    s->first = s->last = NULL;
    s->waiting_bytes = 0;
    s->taken++;
}

static int nothing(struct socket *s)
{
    if (s->ended && s->state == SOCKET_CONNECTED)
        return 0;
    if (s->error)
        return socket_error_take(s);
    if (s->state != SOCKET_CONNECTED)
        return s->state == SOCKET_CONNECTING ? -EAGAIN : -ENOTCONN;
    return s->shut_receive || !s->tcp ? 0 : -EAGAIN;
}

/* Copies n bytes of p; false if they are no longer there, for another receiver was faster.  p can count only so many
   who hold it at once. */
static bool piece_copy(struct socket *s, struct pbuf *p, uaddr_t buffer, uint32_t n, int *error)
{
    uint64_t taken = s->taken;

    if (!++p->ref) {
        p->ref--;
        *error = -ENOBUFS;
        return true;
    }
    *error = env_copy_out(buffer, p->payload, n);
    if (s->taken != taken) {
        pbuf_free(p);
        return false;
    }
    p->ref--;
    return true;
}

static void piece_take(struct socket *s, struct pbuf *p, uint32_t n)
{
    s->taken += n;
    s->waiting_bytes -= n;
    if (n < p->len) {
        p->payload = (char *)p->payload + n;
        p->len = (u16_t)(p->len - n);
        return;
    }
    s->first = p->next;
    p->next = NULL;
    pbuf_free(p);
}

static uint64_t copy_and_take(struct socket *s, uaddr_t buffer, uint64_t n, int *error)
{
    uint64_t done = 0;

    while (done < n && s->first) {
        struct pbuf *p = s->first;
        uint32_t piece = n - done < p->len ? (uint32_t)(n - done) : p->len;
        if (!piece_copy(s, p, buffer + done, piece, error))
            continue;
        if (*error)
            break;
        piece_take(s, p, piece);
        done += piece;
    }
    return done;
}

static uint64_t copy_and_leave(struct socket *s, uaddr_t buffer, uint64_t n, int *error)
{
    uint64_t done = 0;
    struct pbuf *p = s->first;

    while (done < n && p) {
        uint32_t piece = n - done < p->len ? (uint32_t)(n - done) : p->len;
        if (!piece_copy(s, p, buffer + done, piece, error)) {
            p = s->first;
            done = 0;
            continue;
        }
        if (*error)
            break;
        done += piece;
        p = p->next;
    }
    return done;
}

static void window_open(struct socket *s, uint64_t bytes)
{
    while (bytes && s->tcp) {
        uint64_t n = bytes < UINT16_MAX ? bytes : UINT16_MAX;
        tcp_recved(s->tcp, (u16_t)n);
        bytes -= n;
    }
}

int64_t stream_receive(struct socket *s, uaddr_t buffer, uint64_t n, uint32_t flags)
{
    uint64_t done;
    int error = 0;

    if (!s->first)
        return nothing(s);
    socket_hold(s);
    if (flags & NET_PEEK) {
        done = copy_and_leave(s, buffer, n, &error);
    } else {
        done = copy_and_take(s, buffer, n, &error);
        window_open(s, done);
    }
    socket_drop(s);
    return done || !n ? (int64_t)done : error ? error : -EAGAIN;
}

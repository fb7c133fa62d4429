/* SPDX-License-Identifier: MIT */
/*
 * stream_send.c: what is sent is copied once, from the caller into the buffer that the interface will read.  lwIP's
 * tcp_write copies from memory that it may read, and so it cannot be used: segments are made here, as it makes them
 * (the conditions that its queues must fulfil are at tcp_write in tcp_out.c).
 *
 * The copy may sleep, and so comes first; then the buffer is added to the connection, if it is still the same: to the
 * last segment if that was not sent and has room, else as a new one.
 *
 * Without memory a sender waits, as for a full buffer, as long as somebody's data is under way: what is acknowledged
 * gives its memory back, and net_work then tells all who wait (stream_feed).
 */
#include "base/string.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "net_part.h"

#define CHAIN_MAX 12u   /* buffers of one segment; an interface takes NIC_SEGMENTS_MAX */
#define JOIN_BYTES 256u /* so little is rather moved to the end of the last buffer than chained to it */

unsigned stream_starving;

/* Whether memory will come back by itself: data is acknowledged, or its connection is given up. */
static bool is_under_way(void)
{
    const struct tcp_pcb *pcb = tcp_active_pcbs;

    while (pcb && !pcb->unacked && !pcb->unsent)
        pcb = pcb->next;
    return pcb != NULL;
}

/* There is no memory. */
static int64_t starve(struct socket *s)
{
    if (!is_under_way())
        return -ENOBUFS;
    stream_starving += !s->send_starves;
    s->send_starves = true;
    return -EAGAIN;
}

void stream_starve_end(struct socket *s)
{
    stream_starving -= s->send_starves;
    s->send_starves = false;
}

static void feed(struct socket *s)
{
    if (!s->send_starves)
        return;
    stream_starve_end(s);
    socket_event(s);
}

void stream_feed(void)
{
    if (memory_is_there() || !is_under_way())
        socket_each(feed);
}

static int sendable(struct socket *s)
{
    if (s->error)
        return socket_error_take(s);
    if (s->state != SOCKET_CONNECTED)
        return s->state == SOCKET_CONNECTING ? -EAGAIN : -ENOTCONN;
    return s->tcp && !s->shut_send ? 0 : -EPIPE;
}

/* Not more than half the largest window that the other side ever offered, as lwIP has it. */
static uint32_t segment_bytes(const struct tcp_pcb *pcb)
{
    uint32_t half = pcb->snd_wnd_max / 2;

    return half && half < pcb->mss ? half : pcb->mss;
}

/* The last segment if more can be added to it: it was not sent before, and is neither full nor the end. */
static struct tcp_seg *segment_last(const struct tcp_pcb *pcb, uint32_t bytes_max)
{
    struct tcp_seg *last = pcb->unsent;

    if (!last)
        return NULL;
    while (last->next)
        last = last->next;
    if (last->len == 0 || last->len >= bytes_max || last->p->ref != 1 || TCPH_FLAGS(last->tcphdr) & (TCP_SYN | TCP_FIN))
        return NULL;
    return TCP_SEQ_GEQ(lwip_ntohl(last->tcphdr->seqno), pcb->snd_nxt) ? last : NULL;
}

/* Adds p's n bytes to a segment; false if it has buffers enough. */
static bool segment_extend(struct tcp_pcb *pcb, struct tcp_seg *seg, struct pbuf *p, uint32_t n)
{
    struct pbuf *last = seg->p;
    unsigned chain = 1;
    char *end;

    for (; last->next; last = last->next)
        chain++;
    end = (char *)last->payload + last->len;
    if (n <= JOIN_BYTES && pbuf_match_allocsrc(last, PBUF_TYPE_ALLOC_SRC_MASK_STD_HEAP) &&
        n <= memory_room(last, end - 1) - 1) {
        memcpy(end, p->payload, n);
        last->len = (u16_t)(last->len + n);
        for (struct pbuf *q = seg->p; q; q = q->next)
            q->tot_len = (u16_t)(q->tot_len + n);
        pbuf_free(p);
    } else if (chain < CHAIN_MAX) {
        pbuf_cat(seg->p, p);
        pcb->snd_queuelen++;
    } else {
        return false;
    }
    seg->len = (u16_t)(seg->len + n);
    return true;
}

static struct tcp_seg *segment_make(struct tcp_pcb *pcb, struct pbuf *p, uint32_t n)
{
    struct tcp_seg *seg = memp_malloc(MEMP_TCP_SEG), **end = &pcb->unsent;

    if (!seg)
        return NULL;
    pbuf_add_header(p, TCP_HLEN); /* for which it was made with room */
    *seg = (struct tcp_seg){.p = p, .len = (u16_t)n, .tcphdr = p->payload};
    seg->tcphdr->src = lwip_htons(pcb->local_port);
    seg->tcphdr->dest = lwip_htons(pcb->remote_port);
    seg->tcphdr->seqno = lwip_htonl(pcb->snd_lbb);
    TCPH_HDRLEN_FLAGS_SET(seg->tcphdr, TCP_HLEN / 4, 0);
    seg->tcphdr->urgp = 0;
    while (*end)
        end = &(*end)->next;
    *end = seg;
    pcb->snd_queuelen++;
    return seg;
}

/* How many of n bytes are the next piece; 0 if there is no room. */
static uint32_t piece_bytes(const struct tcp_pcb *pcb, uint64_t n)
{
    uint32_t full = segment_bytes(pcb), room = pcb->snd_buf < full ? pcb->snd_buf : full;
    struct tcp_seg *last;

    if (pcb->snd_queuelen >= NET_SEND_PIECES_MAX)
        return 0;
    if (n < room)
        room = (uint32_t)n;
    last = pcb->unsent ? segment_last(pcb, full) : NULL;
    return last && room > full - last->len ? full - last->len : room;
}

/* Takes one piece: its bytes, or an error. */
static int64_t piece_send(struct socket *s, uaddr_t buffer, uint64_t n, bool more)
{
    struct tcp_pcb *pcb = s->tcp;
    uint32_t bytes = piece_bytes(pcb, n);
    struct tcp_seg *seg;
    struct pbuf *p;

    if (!bytes) {
        s->send_blocked = true;
        return -EAGAIN;
    }
    p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes, PBUF_RAM);
    if (!p)
        return starve(s);
    if (env_copy_in(p->payload, buffer, bytes)) {
        pbuf_free(p);
        return -EFAULT;
    }
    if (s->tcp != pcb || s->shut_send || bytes > pcb->snd_buf || bytes > segment_bytes(pcb)) {
        pbuf_free(p); /* it changed during the copy */
        return 0;
    }
    seg = pcb->unsent ? segment_last(pcb, segment_bytes(pcb)) : NULL;
    if (!seg || seg->len + bytes > segment_bytes(pcb) || !segment_extend(pcb, seg, p, bytes))
        seg = segment_make(pcb, p, bytes);
    if (!seg) {
        pbuf_free(p);
        return starve(s);
    }
    pcb->snd_lbb += bytes;
    pcb->snd_buf -= bytes;
    if (bytes == n && !more)
        TCPH_SET_FLAG(seg->tcphdr, TCP_PSH);
    return bytes;
}

/* With NET_MORE a segment that is not full is kept back, for as long as TCP's clock takes to tick. */
static void push(struct tcp_pcb *pcb, bool more)
{
    timer_touch(pcb);
    if (!more || (pcb->unsent && (pcb->unsent->next || pcb->unsent->len >= segment_bytes(pcb))))
        tcp_output(pcb);
}

int64_t stream_send(struct socket *s, uaddr_t buffer, uint64_t n, uint32_t flags)
{
    bool more = flags & NET_MORE;
    uint64_t done = 0;
    int64_t piece = sendable(s);

    if (piece || !n)
        return piece;
    socket_hold(s);
    while (done < n && !(piece = sendable(s))) {
        piece = piece_send(s, buffer + done, n - done, more);
        if (piece < 0)
            break;
        done += (uint64_t)piece;
    }
    if (done && s->tcp)
        push(s->tcp, more);
    socket_drop(s);
    return done ? (int64_t)done : piece;
}

/* SPDX-License-Identifier: MIT */
/*
 * peer_tcp.c: a client's TCP (RFC 9293) over a link that loses nothing by itself and keeps the order.  No timers, no
 * window scaling, no selective acknowledgements, no time stamps.  Data is acknowledged with the request that answers
 * it, else every second segment (RFC 1122, section 4.2.3.2), or at once if it was pushed: what a client would do that
 * waits for that data.
 */
#include "peer_net.h"

#define FIN 1u
#define SYN 2u
#define RST 4u
#define PSH 8u
#define ACK 16u
#define MSS 1460u
#define MSS_DEFAULT 536u /* section 3.7.1 */
#define ISS_STEP 0x10001u

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static void send_segment(struct peer_net *net, struct peer_flow *flow, unsigned flags, uint32_t seq, const void *data,
                         unsigned n)
{
    struct peer_segment s = {.from = flow->port,
                             .to = net->port,
                             .seq = seq,
                             .ack = flow->rcv_nxt,
                             .flags = flags,
                             .mss = flags & SYN ? MSS : 0,
                             .data = data,
                             .bytes = n};

    peer_frame_tcp(net, &s);
    flow->unacknowledged = 0;
}

void peer_tcp_open(struct peer_net *net, struct peer_flow *flow)
{
    flow->snd_una = (uint32_t)flow->port * ISS_STEP;
    flow->snd_nxt = flow->snd_una + 1;
    flow->state = FLOW_OPENING;
    send_segment(net, flow, SYN, flow->snd_una, NULL, 0);
}

bool peer_tcp_push(struct peer_net *net, struct peer_flow *flow)
{
    uint32_t flight = flow->snd_nxt - flow->snd_una;
    bool sent = false;

    if (flow->fin_sent)
        return false;
    while (flight < flow->out.count && flight < flow->snd_wnd) {
        uint32_t room = flow->snd_wnd - flight, rest = (uint32_t)flow->out.count - flight;
        uint32_t n = rest < room ? rest : room;

        n = n < flow->mss ? n : flow->mss;
        send_segment(net, flow, n == rest ? ACK | PSH : ACK, flow->snd_nxt, flow->out.at + flight, n);
        flow->snd_nxt += n;
        flight += n;
        sent = true;
    }
    if (flow->fin && flight == flow->out.count) {
        send_segment(net, flow, FIN | ACK, flow->snd_nxt++, NULL, 0);
        flow->fin_sent = sent = true;
    }
    return sent;
}

void peer_tcp_again(struct peer_net *net, struct peer_flow *flow)
{
    if (flow->state == FLOW_OPENING) {
        send_segment(net, flow, SYN, flow->snd_una, NULL, 0);
    } else if (flow->state == FLOW_OPEN && (flow->snd_nxt != flow->snd_una || flow->out.count)) {
        flow->snd_nxt = flow->snd_una;
        flow->fin_sent = false;
        if (!peer_tcp_push(net, flow)) /* a window of nothing: the answer to this tells the window */
            send_segment(net, flow, ACK, flow->snd_una - 1, NULL, 0);
    }
}

static void take_opening(struct peer_net *net, struct peer_flow *flow, const struct peer_segment *s)
{
    if ((s->flags & (SYN | ACK)) != (SYN | ACK) || s->ack != flow->snd_nxt)
        return;
    flow->rcv_nxt = s->seq + 1;
    flow->snd_una = s->ack;
    flow->snd_wnd = s->window;
    flow->mss = s->mss ? s->mss : MSS_DEFAULT;
    if (flow->mss > MSS)
        flow->mss = MSS;
    flow->state = FLOW_OPEN;
    send_segment(net, flow, ACK, flow->snd_nxt, NULL, 0);
    peer_flow_opened(net);
}

/* What the other side has of what was sent. */
static void take_ack(struct peer_flow *flow, const struct peer_segment *s)
{
    uint32_t gone = s->ack - flow->snd_una;

    if (!(s->flags & ACK) || is_before(s->ack, flow->snd_una) || is_before(flow->snd_nxt, s->ack))
        return;
    flow->snd_wnd = s->window;
    client_bytes_drop(&flow->out, gone < flow->out.count ? gone : flow->out.count);
    flow->snd_una = s->ack;
}

/* The other side ended: what is still to be said is said, and this side ends. */
static void take_end(struct peer_net *net, struct peer_flow *flow)
{
    flow->rcv_nxt++;
    flow->unacknowledged = 2;
    if (flow->client.outstanding || flow->out.count)
        peer_fail(net, "the server ended a connection with %u requests unanswered", flow->client.outstanding);
    flow->fin = true;
}

static void take_data(struct peer_net *net, struct peer_flow *flow, const struct peer_segment *s)
{
    bool in_order = s->seq == flow->rcv_nxt, ends = s->flags & FIN;

    if (!s->bytes && !ends)
        return;
    if (!in_order) { /* known already, or after a gap: say what is expected */
        flow->unacknowledged = 2;
        return;
    }
    if (s->bytes) {
        flow->rcv_nxt += s->bytes;
        flow->unacknowledged += s->flags & PSH ? 2 : 1;
        peer_flow_take(net, flow, s->data, s->bytes);
    }
    if (ends)
        take_end(net, flow);
}

void peer_tcp_take(struct peer_net *net, const struct peer_segment *s)
{
    struct peer_flow *flow = s->from == net->port ? peer_flow_find(net, s->to) : NULL;

    if (!flow || flow->state == FLOW_CLOSED)
        return;
    if (s->flags & RST) {
        if (!flow->fin_sent || flow->client.outstanding)
            peer_fail(net, "the server reset a connection with %u requests unanswered", flow->client.outstanding);
        flow->state = FLOW_OVER;
    } else if (flow->state == FLOW_OPENING) {
        take_opening(net, flow, s);
    } else {
        take_ack(flow, s);
        take_data(net, flow, s);
        peer_tcp_push(net, flow);
        if (flow->unacknowledged >= 2)
            send_segment(net, flow, ACK, flow->snd_nxt, NULL, 0);
    }
}

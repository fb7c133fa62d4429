/* SPDX-License-Identifier: MIT */
/*
 * peer_flow.c: the clients of the peer: a closed loop over several connections (peer.h).
 */
#include "peer_net.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void peer_fail(struct peer_net *net, const char *format, ...)
{
    va_list args;

    if (net->state == PEER_OVER)
        return;
    net->state = PEER_OVER;
    va_start(args, format);
    vsnprintf(net->problem, sizeof(net->problem), format, args);
    va_end(args);
}

struct peer_flow *peer_flow_find(struct peer_net *net, uint16_t port)
{
    unsigned index = (unsigned)port - net->port_first;

    return index < net->load->connections && net->flows ? &net->flows[index] : NULL;
}

void peer_begin(struct peer_net *net, uint16_t port)
{
    net->port = net->load->port ? (uint16_t)net->load->port : port;
    net->flows = calloc(net->load->connections, sizeof(*net->flows));
    if (!net->flows)
        abort();
    for (unsigned i = 0; i < net->load->connections; i++)
        net->flows[i].port = (uint16_t)(net->port_first + i);
    net->state = PEER_RESOLVING;
    peer_frame_arp(net, 1);
}

/* The next requests, if all that are on their way were answered; the end, if there are no more. */
static void flow_fill(struct peer_net *net, struct peer_flow *flow)
{
    if (flow->client.outstanding)
        return;
    for (unsigned i = 0; i < net->load->pipeline && client_has_more(&net->client); i++)
        client_request(&net->client, &flow->client, &flow->out);
    if (!flow->client.outstanding && !peer_step_after(net))
        flow->fin = true;
}

/* The requests in flow->out, a datagram each. */
static void flow_send_datagrams(struct peer_net *net, const struct peer_flow *flow)
{
    for (size_t at = 0; at < flow->out.count; at += net->load->bytes)
        peer_frame_udp(net, flow->port, net->port, flow->out.at + at, net->load->bytes);
}

static void flow_start(struct peer_net *net, struct peer_flow *flow)
{
    flow_fill(net, flow);
    if (net->load->udp)
        flow_send_datagrams(net, flow);
    else
        peer_tcp_push(net, flow);
}

void peer_run(struct peer_net *net)
{
    net->state = PEER_RUNNING;
    for (unsigned i = 0; i < net->load->connections; i++)
        flow_start(net, &net->flows[i]);
}

void peer_resolved(struct peer_net *net)
{
    net->state = PEER_OPENING;
    if (net->load->udp)
        peer_run(net);
    else
        peer_tcp_open(net, &net->flows[0]);
}

void peer_flow_opened(struct peer_net *net)
{
    if (++net->opened < net->load->connections)
        peer_tcp_open(net, &net->flows[net->opened]);
    else if (net->steps)
        peer_step_before(net);
    else
        peer_run(net);
}

void peer_flow_take(struct peer_net *net, struct peer_flow *flow, const void *data, unsigned n)
{
    if (client_answer(&net->client, &flow->client, data, n) < 0)
        peer_fail(net, "%s", net->client.error);
    else
        flow_fill(net, flow);
}

void peer_datagram_take(struct peer_net *net, uint16_t port, const void *data, unsigned n)
{
    struct peer_flow *flow = peer_flow_find(net, port);
    bool was_last;

    if (!flow || net->state != PEER_RUNNING)
        return;
    if (n != net->load->bytes || !flow->client.outstanding) {
        peer_fail(net, "a datagram of %u bytes came that nobody asked for", n);
        return;
    }
    client_bytes_drop(&flow->out, n);
    was_last = flow->out.count == 0;
    peer_flow_take(net, flow, data, n);
    if (was_last)
        flow_send_datagrams(net, flow);
}

void peer_again(struct peer_net *net)
{
    net->books.resent++;
    if (net->state == PEER_RESOLVING)
        peer_frame_arp(net, 1);
    for (unsigned i = 0; i < net->load->connections && net->state >= PEER_OPENING && net->state < PEER_OVER; i++) {
        if (net->load->udp)
            flow_send_datagrams(net, &net->flows[i]);
        else
            peer_tcp_again(net, &net->flows[i]);
    }
}

/* The server has heard of the end of each connection. */
bool peer_is_done(const struct peer_net *net)
{
    if (net->state != PEER_RUNNING || net->client.answered < net->client.total)
        return false;
    for (unsigned i = 0; i < net->load->connections && !net->load->udp; i++) {
        const struct peer_flow *flow = &net->flows[i];

        if (flow->state == FLOW_OPEN && !(flow->fin_sent && flow->snd_una == flow->snd_nxt))
            return false;
    }
    return true;
}

void peer_flows_free(struct peer_net *net)
{
    for (unsigned i = 0; net->flows && i < net->load->connections; i++) {
        client_flow_free(&net->flows[i].client);
        free(net->flows[i].out.at);
    }
    free(net->flows);
    net->flows = NULL;
}

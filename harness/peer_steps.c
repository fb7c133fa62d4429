/* SPDX-License-Identifier: MIT */
/*
 * peer_steps.c: windows of a server that has no marks: a program beside it executes them when it is told the next step
 * (wire.h, kernels/linux/serve.c).
 *
 *      connections opened -> a window to warm up -> requests before the window -> an empty window, for comparison
 *      -> a window with its requests -> connections closed, and the server is to leave
 *
 * A step is told by a datagram when the guest is idle, and what follows waits for its answer; no requests are under way
 * meanwhile.
 */
#include "peer_net.h"

#include "wire.h"

static void step_next(struct peer_net *net)
{
    net->state = PEER_STEPPING;
    net->step++;
    net->step_told = false;
}

void peer_step_idle(struct peer_net *net)
{
    unsigned char step = (unsigned char)net->step;

    if (!net->step_told)
        peer_frame_udp(net, WIRE_STEP_PORT, WIRE_STEP_PORT, &step, 1);
    net->step_told = true;
}

void peer_step_before(struct peer_net *net)
{
    step_next(net);
}

/* Every connection asks what it may until total requests were asked, or ends. */
static void ask(struct peer_net *net, uint64_t total)
{
    net->client.total = total;
    peer_run(net);
}

void peer_step_take(struct peer_net *net, unsigned step)
{
    if (net->state != PEER_STEPPING || step != net->step)
        return;
    switch (step) {
    case WIRE_STEP_TRY_END:
        if (net->warm)
            ask(net, net->warm);
        else
            step_next(net);
        break;
    case WIRE_STEP_BEGIN:
        ask(net, net->total);
        break;
    case WIRE_STEP_LEAVE:
        peer_run(net);
        break;
    default:
        step_next(net);
        break;
    }
}

bool peer_step_after(struct peer_net *net)
{
    bool over = net->state == PEER_RUNNING && net->client.answered == net->client.total;

    if (net->steps && over && net->step < WIRE_STEP_LEAVE)
        step_next(net);
    return net->steps && net->step < WIRE_STEP_LEAVE;
}

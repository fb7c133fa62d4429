/* SPDX-License-Identifier: MIT */
/*
 * stack.c: the part net in a shared object of its own, so that a test can have several machines in one process: each
 * copy of the object that is loaded has its own lwIP, interface, and clock.
 */
#include "stack.h"
#include "base/errno.h"
#include "host.h"

static void (*event_handler)(int s);

void net_event(int s)
{
    if (event_handler)
        event_handler(s);
}

bool net_user_wake(void)
{
    return false;
}

bool net_user_sleeps(void)
{
    return true;
}

void env_idle(void)
{
}

/* Each machine has other unpredictable numbers. */
static void random_skip(unsigned count)
{
    uint8_t byte;
    while (count--)
        env_random(&byte, 1);
}

static int init(const char *config, unsigned seed, void (*sent)(const void *frame, size_t bytes), void (*event)(int s))
{
    random_skip(seed);
    event_handler = event;
    host_nic_connect(sent);
    host_nic_sums(seed == 1, false); /* the first one leaves checksums to its interface */
    return net_init(config);
}

const struct stack *stack_functions(void)
{
    static const struct stack s = {
        .init = init,
        .work = net_work,
        .pending = net_pending,
        .deliver = host_nic_deliver,
        .lent = host_nic_lent,
        .clock_set = host_env_clock_set,
        .now = env_now_ns,
        .open = net_open,
        .close = net_close,
        .bind = net_bind,
        .listen = net_listen,
        .accept = net_accept,
        .connect = net_connect,
        .receive = net_receive,
        .send = net_send,
        .shutdown = net_shutdown,
        .option_set = net_option_set,
        .option_get = net_option_get,
        .ready = net_ready,
        .books = net_books,
    };
    return &s;
}

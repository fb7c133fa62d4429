/* SPDX-License-Identifier: MIT */
/*
 * work.c: who does the network's work, and when.
 *
 *   frames come --> ready (interrupt) --> a thread that sleeps for sockets (net_user_wake), or else net_thread
 *
 * Threads that use sockets find work with net_pending and do it themselves, without a change of threads.  net_thread is
 * for the time when none of them does: it is woken when nobody else is ready and there is, or will be before it wakes
 * by itself, something to do.  A thread that runs is not interrupted for frames, unless another one sleeps for them.
 */
#include "net_part.h"

#define LOOPBACK_INDEX 1u /* lwIP makes it first */
#define FRAMES_MAX 64u    /* at a time, so that floods leave time to others */

static volatile bool pending;
static struct waitq idlers = WAITQ_INIT(idlers);
static uint64_t idlers_ns; /* until when net_thread sleeps; 0: it does not */
static struct netif *loopback;

/* In interrupt context. */
static void ready(void *unused)
{
    (void)unused;
    pending = true;
    net_user_wake();
}

static bool loops(void)
{
    return loopback->loop_first || link_netif.loop_first;
}

/* Who is told that there is nothing may sleep: the interface is asked last, which then interrupts for the next frame.
 */
bool net_pending(void)
{
    return loopback && (pending || loops() || link_pending());
}

/* Nobody is ready: net_thread, if it should not sleep as long as it does. */
static void idle(void)
{
    if (idlers_ns && (net_pending() || timer_deadline() < idlers_ns)) {
        idlers_ns = 0;
        sched_wake(&idlers, 1);
    } else {
        env_idle();
    }
}

/* Frames to this machine's own address; their checksums were not made. */
static void loop(struct netif *netif)
{
    uint16_t flags = netif->chksum_flags;

    if (!netif->loop_first)
        return;
    netif->chksum_flags &= (u16_t) ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
    netif_poll(netif);
    netif->chksum_flags = flags;
}

uint64_t net_work(void)
{
    if (!loopback)
        return SCHED_FOREVER;
    pending = false;
    link_reclaim();
    timer_run();
    if (link_receive(FRAMES_MAX))
        pending = true;
    loop(loopback);
    loop(&link_netif);
    link_flush();
    if (stream_starving)
        stream_feed();
    if (net_user_sleeps() && link_pending())
        pending = true;
    return pending || loops() ? 0 : timer_deadline();
}

void net_thread(void *unused)
{
    (void)unused;
    for (;;) {
        uint64_t due = net_work(), saved = env_irq_save();
        if (due && !net_pending()) {
            idlers_ns = due;
            sched_wait(&idlers, idlers_ns);
            idlers_ns = 0;
        }
        env_irq_restore(saved);
        sched_yield();
    }
}

bool work_is_ready(void)
{
    return loopback != NULL;
}

int work_init(bool with_link)
{
    int error = with_link ? link_init(ready) : 0;

    if (error)
        return error;
    loopback = netif_get_by_index(LOOPBACK_INDEX);
    sched_idle = idle;
    return 0;
}

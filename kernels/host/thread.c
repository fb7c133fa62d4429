/* SPDX-License-Identifier: MIT */
/*
 * thread.c (host): what the part sched needs from its home.  Instead of sched.c, where the part itself is linked in.
 *
 * The process's own stack is the boot thread.  When nobody is ready, time jumps to where the timer was set; with no
 * timer set the boot thread goes on, if it waits in host_threads_run.
 */
#include "base/errno.h"
#include "base/panic.h"
#include "env.h"
#include "host.h"
#include "sched.h"
#include <stdlib.h>

struct started {
    struct host_fiber *fiber;
    void (*start)(struct thread *t);
    struct thread *thread;
};

static struct thread boot;
static struct waitq quiet = WAITQ_INIT(quiet);
static struct host_timer timer = {.deadline_ns = SCHED_FOREVER};
static unsigned alive;
static uint64_t switches;
static bool prepare_fails;
static void (*idle_handler)(void);

void host_threads_init(void)
{
    sched_init(&boot, NULL, NULL);
}

unsigned host_threads_run(void)
{
    ASSERT(sched_current() == &boot);
    sched_wait_always(&quiet);
    return alive;
}

unsigned host_threads_alive(void)
{
    return alive;
}

uint64_t host_thread_switches(void)
{
    return switches;
}

void host_thread_prepare_fail(bool fail)
{
    prepare_fails = fail;
}

void host_thread_on_idle(void (*handler)(void))
{
    idle_handler = handler;
}

struct host_timer host_timer(void)
{
    return timer;
}

void host_timer_fire(void)
{
    ASSERT(timer.deadline_ns != SCHED_FOREVER);
    host_env_clock_set(timer.deadline_ns);
    timer.deadline_ns = SCHED_FOREVER;
    timer.fired++;
    sched_tick(env_now_ns());
}

void host_sched_pause(void)
{
    sched_yield();
}

static void fiber_run(void *arg)
{
    struct started *s = arg;
    s->start(s->thread);
}

int env_thread_prepare(struct thread *t, void (*start)(struct thread *t))
{
    if (prepare_fails)
        return -ENOMEM;
    struct started *s = calloc(1, sizeof *s);
    ASSERT(s);
    s->start = start;
    s->thread = t;
    s->fiber = host_fiber_make(fiber_run, s);
    t->fpu = s;
    alive++;
    return 0;
}

void env_thread_release(struct thread *t)
{
    struct started *s = t->fpu;
    ASSERT(t != sched_current() && t->state == SCHED_DEAD);
    host_fiber_free(s->fiber);
    free(s);
    alive--;
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    struct started *s = to->fpu;
    switches++;
    host_fiber_switch(s ? s->fiber : NULL, from->state == SCHED_DEAD);
}

void env_timer_set(uint64_t deadline_ns)
{
    timer.deadline_ns = deadline_ns;
    timer.sets++;
}

void env_idle(void)
{
    if (idle_handler)
        idle_handler();
    else if (timer.deadline_ns != SCHED_FOREVER)
        host_timer_fire();
    else if (list_empty(&quiet.threads))
        panic("deadlock: nobody is ready and no timer is set");
    else
        sched_wake(&quiet, 1);
}

/* SPDX-License-Identifier: MIT */
/*
 * sched.c: the ready queue, wait queues, sleepers and locks (states: sched.h).
 *
 * The timer is asked for only while it has a use: somebody else is ready, or somebody sleeps until a time.  A tick
 * that is no longer needed is let come and do nothing, for switching it off costs more on a virtual machine.
 *
 * The queues are touched with interrupts off only.  With nothing ready the thread that waits idles itself, on its own
 * stack, until an interrupt makes somebody ready: no idle thread, and no switch if it was itself.
 */
#include "sched.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "base/string.h"
#include "env.h"

#define STACK_BYTES ((uint64_t)PAGE_BYTES << SCHED_STACK_ORDER)

struct thread *sched_running;
static struct list ready = LIST_INIT(ready), sleepers = LIST_INIT(sleepers);
static struct thread *dead; /* off its stack only when another thread runs */
static uint64_t timer_ns = SCHED_FOREVER;
static bool slice_runs; /* the running thread's slice has an end */
bool sched_yield_wanted;
void (*sched_idle)(void) = env_idle;

void sched_init(struct thread *boot, void *stack_top, void *fpu)
{
    memset(boot, 0, sizeof *boot);
    boot->stack_top = (uint64_t)stack_top;
    boot->fpu = fpu;
    boot->state = SCHED_RUNNING;
    list_init(&boot->link);
    list_init(&boot->timer_link);
    sched_running = boot;
}

static __attribute__((noinline)) void timer_want(uint64_t deadline_ns)
{
    if (deadline_ns < timer_ns) {
        timer_ns = deadline_ns;
        env_timer_set(deadline_ns);
    }
}

/* Somebody else waits for the processor: the running thread's slice must end. */
static __attribute__((noinline)) void slice_start(void)
{
    slice_runs = true;
    timer_want(env_now_ns() + SCHED_SLICE_NS);
}

static inline void slice_want(void)
{
    if (!slice_runs)
        slice_start();
}

static void ready_add(struct thread *t)
{
    t->state = SCHED_READY;
    list_add(&ready, &t->link);
    if (!slice_runs && sched_running->state == SCHED_RUNNING)
        slice_start();
}

static __attribute__((noinline)) void dead_release(void)
{
    struct thread *t = dead;

    dead = NULL;
    if (!t || !t->entry)
        return; /* the boot thread's memory is the image's */
    env_thread_release(t);
    alloc_pages_free((void *)(t->stack_top - STACK_BYTES), SCHED_STACK_ORDER);
    alloc_put(t);
}

static void thread_start(struct thread *t)
{
    dead_release();
    env_irq_restore(t->irq_saved);
    t->entry(t->arg);
    sched_exit();
}

struct thread *sched_create(void (*entry)(void *arg), void *arg)
{
    struct thread *t = alloc_get(sizeof *t);
    char *stack = t ? alloc_pages(SCHED_STACK_ORDER) : NULL;
    uint64_t saved;

    if (!stack)
        goto no_stack;
    t->stack_top = (uint64_t)stack + STACK_BYTES;
    t->entry = entry;
    t->arg = arg;
    list_init(&t->link);
    list_init(&t->timer_link);
    if (env_thread_prepare(t, thread_start) < 0)
        goto no_home;
    saved = env_irq_save();
    t->irq_saved = saved;
    ready_add(t);
    env_irq_restore(saved);
    return t;

no_home:
    alloc_pages_free(stack, SCHED_STACK_ORDER);
no_stack:
    alloc_put(t);
    return NULL;
}

/* Goes on with the next ready thread; interrupts are off.  Comes back when this one runs again.  Waiting is the
   common reason, and has its own copy. */
static inline __attribute__((always_inline)) void dispatch_here(struct thread *self)
{
    struct thread *next;

    while (list_empty(&ready))
        sched_idle();
    next = LIST_ENTRY(ready.next, struct thread, link);
    ready.next = next->link.next;
    ready.next->prev = &ready;
    next->state = SCHED_RUNNING;
    sched_yield_wanted = false;
    if (!list_empty(&ready))
        slice_want();
    if (next == self)
        return;
    sched_running = next;
    env_thread_switch(self, next);
    if (dead)
        dead_release();
}

static __attribute__((noinline)) void dispatch(void)
{
    dispatch_here(sched_running);
}

_Noreturn void sched_exit(void)
{
    env_irq_save();
    dead_release();
    sched_running->state = SCHED_DEAD;
    dead = sched_running;
    dispatch();
    panic("a dead thread runs");
}

void sched_yield(void)
{
    uint64_t saved = env_irq_save();

    sched_yield_wanted = false;
    if (!list_empty(&ready)) {
        sched_running->state = SCHED_READY;
        list_add(&ready, &sched_running->link);
        dispatch();
    }
    env_irq_restore(saved);
}

void sched_waitq_init(struct waitq *q)
{
    list_init(&q->threads);
}

/* Sleepers stand in the order of their deadlines. */
static __attribute__((noinline)) void sleeper_add(struct thread *t)
{
    struct list *at = sleepers.next;

    while (at != &sleepers && LIST_ENTRY(at, struct thread, timer_link)->deadline_ns <= t->deadline_ns)
        at = at->next;
    list_add(at, &t->timer_link);
    timer_want(t->deadline_ns);
}

/* Out of its wait queue, which its link leaves only to join the ready queue. */
static inline void thread_wake(struct thread *t, int result)
{
    t->link.next->prev = t->link.prev;
    t->link.prev->next = t->link.next;
    if (t->deadline_ns != SCHED_FOREVER)
        list_remove(&t->timer_link);
    t->wait_result = result;
    ready_add(t);
}

int sched_wait(struct waitq *q, uint64_t deadline_ns)
{
    struct thread *self = sched_running;
    uint64_t saved = env_irq_save();
    int result = -EINTR;

    if (!self->killed) {
        self->state = SCHED_WAITING;
        list_add(&q->threads, &self->link);
        self->deadline_ns = deadline_ns;
        if (deadline_ns != SCHED_FOREVER)
            sleeper_add(self);
        dispatch_here(self);
        result = self->wait_result;
    }
    env_irq_restore(saved);
    return result;
}

void sched_wait_always(struct waitq *q)
{
    uint64_t saved = env_irq_save();

    sched_running->state = SCHED_WAITING_ALWAYS;
    sched_running->deadline_ns = SCHED_FOREVER;
    list_add(&q->threads, &sched_running->link);
    dispatch();
    env_irq_restore(saved);
}

void sched_wake(struct waitq *q, unsigned n)
{
    uint64_t saved = env_irq_save();

    for (; n && !list_empty(&q->threads); n--)
        thread_wake(LIST_ENTRY(q->threads.next, struct thread, link), 0);
    env_irq_restore(saved);
}

void sched_kill(struct thread *t)
{
    uint64_t saved = env_irq_save();

    t->killed = true;
    if (t->state == SCHED_WAITING)
        thread_wake(t, -EINTR);
    env_irq_restore(saved);
}

void sched_tick(uint64_t now_ns)
{
    timer_ns = SCHED_FOREVER;
    slice_runs = false;
    while (!list_empty(&sleepers)) {
        struct thread *t = LIST_ENTRY(sleepers.next, struct thread, timer_link);
        if (t->deadline_ns > now_ns) {
            timer_want(t->deadline_ns);
            break;
        }
        thread_wake(t, -ETIMEDOUT);
    }
    sched_yield_wanted = !list_empty(&ready);
    if (sched_yield_wanted) {
        slice_runs = true;
        timer_want(now_ns + SCHED_SLICE_NS);
    }
}

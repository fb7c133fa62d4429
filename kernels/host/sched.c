/* SPDX-License-Identifier: MIT */
/*
 * sched.c (host): sched.h with fibers.  Threads made by sched_create run inside host_sched_run; without any, the
 * process is the only thread, and a wait that nothing can end stops it with a message.
 */
#include "sched.h"
#include "base/errno.h"
#include "base/panic.h"
#include "host.h"
#include <stdlib.h>

#define FIBERS_MAX 16u

struct fiber {
    struct thread thread; /* first: a thread is its fiber */
    struct host_fiber *stack;
    void (*entry)(void *arg);
    void *arg;
};

static struct fiber *fibers[FIBERS_MAX];
static unsigned fiber_count;
static struct fiber boot_fiber, *current = &boot_fiber;
static uint64_t random_state;

struct thread *sched_running = &boot_fiber.thread;
bool sched_yield_wanted;
void (*sched_idle)(void);

void sched_init(struct thread *boot, void *stack_top, void *fpu)
{
    (void)boot;
    (void)stack_top;
    (void)fpu;
}

static unsigned choose(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % n;
}

/* Some thread that can run, or NULL. */
static struct fiber *pick(void)
{
    struct fiber *ready[FIBERS_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < fiber_count; i++)
        if (fibers[i]->thread.state == SCHED_READY)
            ready[n++] = fibers[i];
    return n ? ready[choose(n)] : NULL;
}

static void change_to(struct fiber *next)
{
    bool for_good = current->thread.state == SCHED_DEAD;
    current = next;
    sched_running = &next->thread;
    host_fiber_switch(next->stack, for_good);
}

static void run_entry(void *arg)
{
    struct fiber *f = arg;
    f->entry(f->arg);
    sched_exit();
}

struct thread *sched_create(void (*entry)(void *arg), void *arg)
{
    ASSERT(fiber_count < FIBERS_MAX);
    struct fiber *f = calloc(1, sizeof *f);
    ASSERT(f);
    f->entry = entry;
    f->arg = arg;
    f->thread.state = SCHED_READY;
    list_init(&f->thread.link);
    f->stack = host_fiber_make(run_entry, f);
    fibers[fiber_count++] = f;
    return &f->thread;
}

void host_sched_run(uint64_t seed)
{
    random_state = seed;
    struct fiber *next;
    while ((next = pick()))
        change_to(next);
    for (unsigned i = 0; i < fiber_count; i++) {
        if (fibers[i]->thread.state != SCHED_DEAD)
            panic("deadlock: a thread waits and none can run");
        host_fiber_free(fibers[i]->stack);
        free(fibers[i]);
    }
    fiber_count = 0;
}

/* Lets another thread, or host_sched_run, go on. */
static void leave(void)
{
    struct fiber *next = pick();
    change_to(next ? next : &boot_fiber);
}

void sched_exit(void)
{
    if (current == &boot_fiber)
        panic("the process's own thread cannot end");
    current->thread.state = SCHED_DEAD;
    leave();
    abort();
}

void sched_yield(void)
{
    if (current != &boot_fiber)
        leave();
}

void host_sched_pause(void)
{
    sched_yield();
}

void sched_waitq_init(struct waitq *q)
{
    list_init(&q->threads);
}

int sched_wait(struct waitq *q, uint64_t deadline_ns)
{
    if (current == &boot_fiber) {
        if (deadline_ns == SCHED_FOREVER)
            panic("wait that nothing can end");
        return -ETIMEDOUT;
    }
    struct thread *t = &current->thread;
    t->state = SCHED_WAITING;
    list_add(&q->threads, &t->link);
    leave();
    return 0;
}

void sched_wait_always(struct waitq *q)
{
    sched_wait(q, SCHED_FOREVER);
}

void sched_wake(struct waitq *q, unsigned n)
{
    for (; n && !list_empty(&q->threads); n--) {
        struct thread *t = LIST_ENTRY(q->threads.next, struct thread, link);
        list_remove(&t->link);
        t->state = SCHED_READY;
    }
}

void sched_kill(struct thread *t)
{
    t->killed = true;
}

void sched_tick(uint64_t now_ns)
{
    (void)now_ns;
}

void sched_mutex_init(struct mutex *m)
{
    m->locked = false;
    sched_waitq_init(&m->waiters);
}

void sched_mutex_lock(struct mutex *m)
{
    while (m->locked)
        sched_wait_always(&m->waiters);
    m->locked = true;
}

void sched_mutex_unlock(struct mutex *m)
{
    ASSERT(m->locked);
    m->locked = false;
    sched_wake(&m->waiters, 1);
}

/* SPDX-License-Identifier: MIT */
/*
 * sched.h: threads of one domain, preemptive round robin on one processor.
 *
 *            sched_create                 sched_wait
 *   (none) ---------------> READY <-----------------------+ WAITING
 *                           |   ^        wake or deadline  |   ^
 *                 dispatch  v   | tick, yield              v   |
 *                          RUNNING --------------------------->
 *                              | sched_exit
 *                              v
 *                            DEAD   (its memory goes when the next thread runs)
 *
 * The running thread holds the domain: nothing here preempts parts between two calls that may sleep, so parts
 * need a lock only across sleeps, and env_irq_save against their own interrupt handlers.
 */
#ifndef TOLL_SCHED_H
#define TOLL_SCHED_H

#include "base/list.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHED_FOREVER UINT64_MAX
#define SCHED_SLICE_NS 10000000u
#define SCHED_STACK_ORDER 2 /* 16 KiB of stack a thread */

enum sched_state { SCHED_READY, SCHED_RUNNING, SCHED_WAITING, SCHED_WAITING_ALWAYS, SCHED_DEAD };

/* The fields above the line belong to the home, which saves and loads them in env_thread_switch; their offsets
   are known to its assembly. */
struct thread {
    uint64_t sp;        /* 0: saved stack pointer */
    uint64_t stack_top; /* 8: top of this thread's own stack in the domain */
    uint64_t tls;       /* 16: the application's FS base */
    void *fpu;          /* 24: 64-byte aligned save area */
    void *space;        /* 32: struct space of pager.h, or NULL */
    uint64_t gs;        /* 40: the application's GS base, where homes switch it */
    /* -------- */
    void *owner; /* whoever created the thread: posix keeps its task here */
    enum sched_state state;
    bool killed; /* waits end at once with -EINTR */
    uint64_t deadline_ns;
    struct list link;       /* in the ready queue or in a wait queue */
    struct list timer_link; /* in the list of sleepers */
    int wait_result;
    uint64_t irq_saved; /* env_irq_save's value with which the thread starts */
    void (*entry)(void *arg);
    void *arg;
};

struct waitq {
    struct list threads;
};
#define WAITQ_INIT(q)                                                                                                  \
    {                                                                                                                  \
        LIST_INIT((q).threads)                                                                                         \
    }

/* Makes the code that now runs the first thread; fpu: its save area. */
void sched_init(struct thread *boot, void *stack_top, void *fpu);

/* A new READY thread that will run entry(arg) on its own stack; NULL without memory. */
struct thread *sched_create(void (*entry)(void *arg), void *arg);

/* The thread that runs. */
extern struct thread *sched_running;
static inline struct thread *sched_current(void)
{
    return sched_running;
}

_Noreturn void sched_exit(void);
void sched_yield(void);

void sched_waitq_init(struct waitq *q);

/* Sleeps until woken through q, until the time now_ns (env_now_ns) reaches deadline_ns, or until killed.
   0, -ETIMEDOUT, -EINTR.  The condition waited for must be checked again by the caller in a loop; no wake is
   lost between a check and this call made in the same env_irq_save section or without an intervening sleep. */
int sched_wait(struct waitq *q, uint64_t deadline_ns);

/* The same without deadline, and not ended by sched_kill: for what must be waited out, a disk or a lock. */
void sched_wait_always(struct waitq *q);

/* Makes up to n waiters READY, first come first served.  Usable in interrupt context. */
void sched_wake(struct waitq *q, unsigned n);

/* Ends every wait of t, now and later, with -EINTR. */
void sched_kill(struct thread *t);

/* From the home: the timer interrupt.  It may set sched_yield_wanted: the home then calls sched_yield as soon as the
   running thread is not inside the domain's parts. */
void sched_tick(uint64_t now_ns);
extern bool sched_yield_wanted;

/* What is called, with interrupts off, whenever no thread is ready: env_idle, until somebody puts a function of his own
   here that makes a thread ready or calls env_idle. */
extern void (*sched_idle)(void);

/* A lock that may be held across sleeps.  Not recursive. */
struct mutex {
    bool locked;
    struct waitq waiters;
};
void sched_mutex_init(struct mutex *m);
void sched_mutex_lock(struct mutex *m);
void sched_mutex_unlock(struct mutex *m);

/* Needed from the home:
   env_thread_prepare: makes t, never run before, start in start(t) when first switched to.  0 or -ENOMEM.
   env_thread_release: t is dead and off its stack: gives back what prepare took.
   env_thread_switch:  saves from, loads to and counts a thread_switch (an as_switch too if the space changes).
   env_idle:           waits for an interrupt with interrupts enabled; returns with them as they were.
   env_timer_set:      asks for a timer interrupt at that time (SCHED_FOREVER: none). */
int env_thread_prepare(struct thread *t, void (*start)(struct thread *t));
void env_thread_release(struct thread *t);
void env_thread_switch(struct thread *from, struct thread *to);
void env_idle(void);
void env_timer_set(uint64_t deadline_ns);

#endif

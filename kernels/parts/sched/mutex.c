/* SPDX-License-Identifier: MIT */
/* mutex.c: locks held across sleeps.  Waiting for one does not end when the thread is killed: who holds it goes on. */
#include "base/panic.h"
#include "sched.h"

void sched_mutex_init(struct mutex *m)
{
    m->locked = false;
    sched_waitq_init(&m->waiters);
}

void sched_mutex_lock(struct mutex *m)
{
    if (m->locked)
        sched_wait_always(&m->waiters); /* woken as its holder */
    else
        m->locked = true;
}

void sched_mutex_unlock(struct mutex *m)
{
    ASSERT(m->locked);
    if (list_empty(&m->waiters.threads))
        m->locked = false;
    else
        sched_wake(&m->waiters, 1);
}

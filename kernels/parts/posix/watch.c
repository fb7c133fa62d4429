/* SPDX-License-Identifier: MIT */
/* watch.c: telling those who wait for files, and their sleep (watch.h). */
#include "watch.h"

static struct list sleeping = LIST_INIT(sleeping); /* touched with interrupts off */
static bool user_woken;                            /* by net_user_wake, and has not looked yet */
struct watch *watch_console;
bool watch_left; /* the console's interrupt came */

void watch_add(struct watch **list, struct watch *w, void (*tell)(struct watch *w))
{
    w->tell = tell;
    w->next = *list;
    w->back = list;
    if (w->next)
        w->next->back = &w->next;
    *list = w;
}

void watch_tell_all(struct watch *first)
{
    for (struct watch *w = first; w; w = w->next)
        w->tell(w);
}

/* In interrupt context: whoever sleeps looks after it. */
void watch_console_fired(void)
{
    uint64_t saved = env_irq_save();

    watch_left = true;
    LIST_FOR(l, &sleeping)
    {
        sleeper_wake(LIST_ENTRY(l, struct sleeper, link));
    }
    env_irq_restore(saved);
}

__attribute__((noinline)) void watch_work_left(void)
{
    user_woken = false;
    if (net_pending())
        net_work();
    if (watch_left) {
        watch_left = false;
        watch_tell(&watch_console);
    }
}

bool net_user_wake(void)
{
    uint64_t saved = env_irq_save();

    if (!user_woken && !list_empty(&sleeping)) {
        struct sleeper *s = LIST_ENTRY(sleeping.prev, struct sleeper, link);
        user_woken = true;
        list_remove(&s->link);
        sleeper_wake(s);
    }
    env_irq_restore(saved);
    return user_woken;
}

bool net_user_sleeps(void)
{
    return !list_empty(&sleeping);
}

void sleeper_init(struct sleeper *s)
{
    sched_waitq_init(&s->q);
}

/* Where there is always something to do, as in a flood of frames, nobody ever sleeps: what ends a sleep is looked for
   all the same, and others get their turn. */
static __attribute__((noinline)) int sleep_is_over(uint64_t deadline_ns)
{
    sched_yield();
    if (sched_current()->killed)
        return -EINTR;
    return deadline_ns != SCHED_FOREVER && env_now_ns() >= deadline_ns ? -ETIMEDOUT : 0;
}

int sleeper_wait(struct sleeper *s, uint64_t deadline_ns)
{
    uint64_t saved = env_irq_save();
    int error = 0;

    if (!watch_left && !net_pending()) {
        list_add(&sleeping, &s->link);
        error = sched_wait(&s->q, deadline_ns);
        list_remove(&s->link);
    } else {
        error = sleep_is_over(deadline_ns);
    }
    env_irq_restore(saved);
    if (watch_left || net_pending())
        watch_work_left();
    else
        user_woken = false; /* what it was woken for, another thread has done */
    return error;
}

static void waiter_tell(struct watch *w)
{
    sleeper_wake(LIST_ENTRY(w, struct waiter, watch)->sleeper);
}

void waiter_add(struct waiter *w, struct watch **list, struct sleeper *s)
{
    w->sleeper = s;
    watch_add(list, &w->watch, waiter_tell);
}

int file_wait(struct file *f, uint64_t deadline_ns)
{
    struct sleeper self;
    struct waiter w;
    int error;

    sleeper_init(&self);
    waiter_add(&w, f->watchers, &self);
    error = sleeper_wait(&self, deadline_ns);
    watch_remove(&w.watch);
    return error;
}

/* SPDX-License-Identifier: MIT */
/*
 * watch.h: who waits for what.  Private to the part.
 *
 *   watch     is on the list of one file, and is told of each change of what that file's poll would answer
 *   sleeper   a thread that waits for files, while it waits
 *
 * A file's list is where its `watchers` points; who changes the file calls watch_tell for it, in no interrupt context.
 * Nothing may sleep between a look at files and sleeper_wait: then no change is missed.
 *
 * The network is driven by who waits for it: sleeper_wait and watch_work do what there is to do, and an interrupt of
 * the interface wakes the sleeper that went to sleep last (net_user_wake).  Only if nobody sleeps does net_thread run.
 */
#ifndef TOLL_POSIX_WATCH_H
#define TOLL_POSIX_WATCH_H

#include "linux.h"
#include "net.h"
#include "process.h"

struct watch {
    struct watch *next, **back;
    void (*tell)(struct watch *w);
};

struct sleeper {
    struct waitq q;
    struct list link; /* among all that sleep */
};

void watch_add(struct watch **list, struct watch *w, void (*tell)(struct watch *w));
static inline void watch_remove(struct watch *w)
{
    *w->back = w->next;
    if (w->next)
        w->next->back = w->back;
}
void watch_tell_all(struct watch *first);
static inline void watch_tell(struct watch *const *list)
{
    if (*list)
        watch_tell_all(*list);
}

/* The console's list, and what its interrupt calls. */
extern struct watch *watch_console;
void watch_console_fired(void);

/* What devices left to be done: the network's work, news of the console. */
extern bool watch_left;
void watch_work_left(void);
static inline void watch_work(void)
{
    if (watch_left || net_pending())
        watch_work_left();
}

void sleeper_init(struct sleeper *s);
static inline void sleeper_wake(struct sleeper *s)
{
    sched_wake(&s->q, 1);
}
/* Sleeps until woken, or at once if there is work, which is then done: 0, -ETIMEDOUT, -EINTR. */
int sleeper_wait(struct sleeper *s, uint64_t deadline_ns);

/* A watch that wakes a sleeper. */
struct waiter {
    struct watch watch;
    struct sleeper *sleeper;
};
void waiter_add(struct waiter *w, struct watch **list, struct sleeper *s);

/* Waits until one file has changed, or there was work: the same results. */
int file_wait(struct file *f, uint64_t deadline_ns);

/* POLL* bits that hold now, with those that say the same. */
static inline uint32_t file_ready(struct file *f)
{
    uint32_t bits = f->ops->poll(f);

    return bits | (bits & (POLLIN | POLLOUT)) << 6; /* POLLRDNORM, POLLWRNORM */
}

#endif

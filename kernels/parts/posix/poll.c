/* SPDX-License-Identifier: MIT */
/* poll.c: waiting for several files.  One queue for all pollers: whoever changes a file's state wakes them to look. */
#include "linux.h"
#include "process.h"

unsigned poll_waiters;
static struct waitq changed = WAITQ_INIT(changed);
static uint64_t changes;

void poll_wake_waiters(void)
{
    changes++;
    sched_wake(&changed, UINT32_MAX);
}

static int poll_one(uaddr_t at, bool *ready)
{
    struct linux_pollfd p;
    struct file *f;
    uint32_t bits;
    int error = env_copy_in(&p, at, sizeof p);

    if (error)
        return error;
    f = fd_file((uint64_t)(int64_t)p.fd);
    bits = p.fd < 0 ? 0 : !f ? POLLNVAL : f->ops->poll(f);
    p.revents = (uint16_t)(bits & (p.events | POLLERR | POLLHUP | POLLNVAL));
    *ready = p.revents != 0;
    return env_copy_out(at, &p, sizeof p);
}

static int64_t poll_all(uaddr_t fds, uint64_t n)
{
    int64_t count = 0;

    for (uint64_t i = 0; i < n; i++) {
        bool ready;
        int error = poll_one(fds + i * sizeof(struct linux_pollfd), &ready);
        if (error)
            return error;
        count += ready;
    }
    return count;
}

/* Sleeps until something may have changed since changes had the value seen: 0, -ETIMEDOUT, -EINTR. */
static int poll_sleep(uint64_t seen, uint64_t deadline_ns)
{
    uint64_t saved = env_irq_save();
    int error = seen == changes ? sched_wait(&changed, deadline_ns) : 0;

    env_irq_restore(saved);
    return error;
}

static int64_t poll_until(uaddr_t fds, uint64_t n, uint64_t deadline_ns)
{
    int64_t count = 0;
    int error = 0;

    if (n > FD_MAX)
        return -EINVAL;
    poll_waiters++; /* before the first look, so that no change after it is missed */
    while (error == 0) {
        uint64_t seen = changes;
        count = poll_all(fds, n);
        if (count != 0 || deadline_ns <= env_now_ns())
            break;
        error = poll_sleep(seen, deadline_ns);
    }
    poll_waiters--;
    return error == -EINTR ? error : count;
}

int64_t posix_poll(OS_N, uint64_t fds, uint64_t nfds, uint64_t timeout)
{
    int ms = (int)timeout;

    return poll_until(fds, nfds, ms < 0 ? SCHED_FOREVER : env_now_ns() + (uint64_t)ms * 1000000u);
}

int64_t posix_ppoll(OS_N, uint64_t fds, uint64_t nfds, uint64_t timeout, uint64_t mask, uint64_t setsize)
{
    uint64_t ns;
    int error = timeout ? time_read(timeout, &ns) : 0;

    (void)mask, (void)setsize;
    if (error)
        return error;
    return poll_until(fds, nfds, timeout ? env_now_ns() + ns : SCHED_FOREVER);
}

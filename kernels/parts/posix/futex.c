/* SPDX-License-Identifier: MIT */
/*
 * futex.c: sleeping on a word of memory (man-pages futex(2)).  A word is named by its space and address: words in
 * memory shared between spaces are not supported, for there is no way to make threads that would need it.
 */
#include "linux.h"
#include "process.h"

#define BUCKETS 16

struct futex_waiter {
    struct list link;
    struct space *space;
    uaddr_t word;
    struct waitq q;
    bool woken;
};

static struct list buckets[BUCKETS];

static struct list *bucket_of(uaddr_t word)
{
    struct list *b = &buckets[word >> 2 & (BUCKETS - 1)];

    if (!b->next)
        list_init(b);
    return b;
}

static int64_t futex_wait(uaddr_t word, uint32_t value, uint64_t deadline_ns)
{
    struct futex_waiter self = {.space = process_current()->space, .word = word};
    uint32_t now;
    int error = env_copy_in(&now, word, sizeof now);

    if (error)
        return error;
    if (now != value)
        return -EAGAIN;
    sched_waitq_init(&self.q);
    list_add(bucket_of(word), &self.link);
    error = sched_wait(&self.q, deadline_ns);
    if (self.woken)
        return 0;
    list_remove(&self.link);
    return error;
}

static int64_t futex_wake(uaddr_t word, uint32_t n)
{
    struct list *b = bucket_of(word), *next;
    int64_t woken = 0;

    for (struct list *l = b->next; l != b && woken < n; l = next) {
        struct futex_waiter *w = LIST_ENTRY(l, struct futex_waiter, link);
        next = l->next;
        if (w->word != word || w->space != process_current()->space)
            continue;
        list_remove(&w->link);
        w->woken = true;
        sched_wake(&w->q, 1);
        woken++;
    }
    return woken;
}

/* Waiters of one word become waiters of another; here they are simply woken to look again, which the callers of
   futexes must expect anyway. */
static int64_t futex_requeue(uaddr_t word, uint32_t wake)
{
    (void)wake;
    return futex_wake(word, INT32_MAX);
}

/* The deadline on env_now_ns's clock: FUTEX_WAIT's time is relative, FUTEX_WAIT_BITSET's absolute. */
static int deadline_read(uaddr_t timeout, uint64_t op, uint64_t *deadline_ns)
{
    uint64_t ns, base = 0;
    int error;

    *deadline_ns = SCHED_FOREVER;
    if (!timeout)
        return 0;
    error = time_read(timeout, &ns);
    if (error)
        return error;
    if ((op & 127) == FUTEX_WAIT)
        base = env_now_ns();
    else if (op & FUTEX_CLOCK_REALTIME)
        ns = ns > env_epoch_ns() ? ns - env_epoch_ns() : 0;
    *deadline_ns = base + ns;
    return 0;
}

int64_t posix_futex(OS_N, uint64_t word, uint64_t op, uint64_t value, uint64_t timeout, uint64_t word2, uint64_t value3)
{
    uint64_t deadline_ns;
    int error;

    (void)word2, (void)value3;
    if (word & 3)
        return -EINVAL;
    switch (op & 127) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        error = deadline_read(timeout, op, &deadline_ns);
        return error ? error : futex_wait(word, (uint32_t)value, deadline_ns);
    case FUTEX_WAKE:
        return futex_wake(word, (uint32_t)value);
    case FUTEX_REQUEUE:
        return futex_requeue(word, (uint32_t)value);
    }
    return posix_unsupported(os_number);
}

/* SPDX-License-Identifier: MIT */
/*
 * poll.c: waiting for several files at once: poll, and select, which is the same with other words.
 *
 * Looking first and watching only before a sleep keeps a poll that finds something free of all lists.
 */
#include "alloc.h"
#include "base/string.h"
#include "linux.h"
#include "watch.h"

#define SLOTS_HERE 8 /* as many need no memory of their own */
#define CHUNK 32     /* descriptions copied at a time */
#define SET_WORDS (FD_MAX / 64)
#define SELECT_IN (POLLIN | POLLRDNORM | POLLHUP | POLLERR)
#define SELECT_OUT (POLLOUT | POLLWRNORM | POLLERR)

struct slot {
    struct waiter waiter;
    struct file *file; /* held while it is watched */
    uint32_t wanted, found;
    int fd;
    uint16_t events;
};

/* How many have something. */
static int64_t slots_look(struct slot *slots, uint64_t n)
{
    int64_t count = 0;

    for (struct slot *s = slots; s < slots + n; s++) {
        s->found = s->fd < 0 ? 0 : (s->file ? file_ready(s->file) : POLLNVAL) & s->wanted;
        count += s->found != 0;
    }
    return count;
}

static void slots_watch(struct slot *slots, uint64_t n, struct sleeper *sleeper)
{
    for (struct slot *s = slots; s < slots + n; s++) {
        if (!s->file || !s->file->watchers)
            continue;
        s->file->refs++;
        waiter_add(&s->waiter, s->file->watchers, sleeper);
    }
}

/* First all watches go, for giving a file back may sleep. */
static void slots_unwatch(struct slot *slots, uint64_t n)
{
    for (struct slot *s = slots; s < slots + n; s++)
        if (s->file && s->file->watchers)
            watch_remove(&s->waiter.watch);
    for (struct slot *s = slots; s < slots + n; s++)
        if (s->file && s->file->watchers)
            file_put(s->file);
}

/* How many have something, 0 at the deadline (0: do not wait), -EINTR. */
static int64_t slots_wait(struct slot *slots, uint64_t n, uint64_t deadline_ns)
{
    struct sleeper self;
    int64_t count;
    int error;

    watch_work();
    for (struct slot *s = slots; s < slots + n; s++)
        s->file = s->fd < 0 ? NULL : fd_file((uint64_t)s->fd);
    count = slots_look(slots, n);
    if (count || deadline_ns == 0)
        return count;
    sleeper_init(&self);
    slots_watch(slots, n, &self);
    do {
        error = sleeper_wait(&self, deadline_ns);
        count = slots_look(slots, n);
    } while (!error && !count);
    slots_unwatch(slots, n);
    return count ? count : error == -EINTR ? error : 0;
}

static struct slot *slots_get(struct slot *here, uint64_t n)
{
    return n <= SLOTS_HERE ? here : alloc_get(n * sizeof *here);
}

static void slots_put(struct slot *slots, const struct slot *here)
{
    if (slots != here)
        alloc_put(slots);
}

static int slots_read(struct slot *slots, uaddr_t fds, uint64_t n)
{
    struct linux_pollfd some[CHUNK];

    for (uint64_t i = 0; i < n; i++) {
        const struct linux_pollfd *p = &some[i % CHUNK];
        uint64_t left = n - i < CHUNK ? n - i : CHUNK;
        if (i % CHUNK == 0 && env_copy_in(some, fds + i * sizeof *some, left * sizeof *some))
            return -EFAULT;
        slots[i].fd = p->fd;
        slots[i].events = p->events;
        slots[i].wanted = p->events | POLLERR | POLLHUP | POLLNVAL;
    }
    return 0;
}

/* Only revents changes, but whole descriptions take fewer copies. */
static int slots_write(const struct slot *slots, uaddr_t fds, uint64_t n)
{
    struct linux_pollfd some[CHUNK];

    for (uint64_t i = 0; i < n; i++) {
        uint64_t used = i % CHUNK + 1;
        some[used - 1] = (struct linux_pollfd){slots[i].fd, slots[i].events, (uint16_t)slots[i].found};
        if ((used == CHUNK || i == n - 1) &&
            env_copy_out(fds + (i + 1 - used) * sizeof *some, some, used * sizeof *some))
            return -EFAULT;
    }
    return 0;
}

static int64_t poll_until(uaddr_t fds, uint64_t n, uint64_t deadline_ns)
{
    struct slot here[SLOTS_HERE], *slots;
    int64_t count;

    if (n > FD_MAX)
        return -EINVAL;
    slots = slots_get(here, n);
    if (!slots)
        return -ENOMEM;
    count = slots_read(slots, fds, n);
    if (!count)
        count = slots_wait(slots, n, deadline_ns);
    if (count >= 0 && slots_write(slots, fds, n))
        count = -EFAULT;
    slots_put(slots, here);
    return count;
}

int64_t posix_poll(OS_N, uint64_t fds, uint64_t nfds, uint64_t timeout)
{
    int ms = (int)timeout;

    return poll_until(fds, nfds, ms < 0 ? SCHED_FOREVER : ms == 0 ? 0 : env_now_ns() + (uint64_t)ms * 1000000u);
}

/* The deadline that a relative time means: 0 if it is none at all. */
static uint64_t deadline_of(uint64_t ns)
{
    return ns ? env_now_ns() + ns : 0;
}

int64_t posix_ppoll(OS_N, uint64_t fds, uint64_t nfds, uint64_t timeout, uint64_t mask, uint64_t setsize)
{
    uint64_t ns;
    int error = timeout ? time_read(timeout, &ns) : 0;

    (void)mask, (void)setsize;
    if (error)
        return error;
    return poll_until(fds, nfds, timeout ? deadline_of(ns) : SCHED_FOREVER);
}

/* select: three sets, a bit a descriptor. */
struct sets {
    uint64_t bits[3][SET_WORDS];
};
static const uint32_t set_wanted[3] = {SELECT_IN, SELECT_OUT, POLLPRI};

static int sets_read(struct sets *sets, const uaddr_t at[3], uint64_t n)
{
    memset(sets, 0, sizeof *sets);
    for (unsigned k = 0; k < 3; k++) {
        if (at[k] && env_copy_in(sets->bits[k], at[k], (n + 63) / 64 * 8))
            return -EFAULT;
        if (n % 64)
            sets->bits[k][n / 64] &= ((uint64_t)1 << n % 64) - 1;
    }
    return 0;
}

/* A slot for each descriptor that is in a set; how many, or -EBADF. */
static int64_t sets_to_slots(const struct sets *sets, uint64_t n, struct slot *slots)
{
    int64_t count = 0;

    for (uint64_t fd = 0; fd < n; fd++) {
        uint32_t wanted = 0;
        for (unsigned k = 0; k < 3; k++)
            wanted |= sets->bits[k][fd / 64] >> fd % 64 & 1 ? set_wanted[k] : 0;
        if (!wanted)
            continue;
        if (!fd_file(fd))
            return -EBADF;
        slots[count++] = (struct slot){.fd = (int)fd, .wanted = wanted};
    }
    return count;
}

/* What was found becomes the sets; how many bits that are. */
static int64_t slots_to_sets(const struct slot *slots, uint64_t n, struct sets *sets)
{
    struct sets asked = *sets;
    int64_t count = 0;

    memset(sets, 0, sizeof *sets);
    for (const struct slot *s = slots; s < slots + n; s++)
        for (unsigned k = 0; k < 3; k++) {
            uint64_t bit = (uint64_t)1 << s->fd % 64;
            if (!(s->found & set_wanted[k]) || !(asked.bits[k][s->fd / 64] & bit))
                continue;
            sets->bits[k][s->fd / 64] |= bit;
            count++;
        }
    return count;
}

static int64_t select_with(struct sets *sets, struct slot *slots, const uaddr_t at[3], uint64_t n, uint64_t deadline_ns)
{
    int64_t slot_count, count = sets_read(sets, at, n);

    if (count)
        return count;
    slot_count = sets_to_slots(sets, n, slots);
    if (slot_count < 0)
        return slot_count;
    count = slots_wait(slots, (uint64_t)slot_count, deadline_ns);
    if (count < 0)
        return count;
    count = slots_to_sets(slots, (uint64_t)slot_count, sets);
    for (unsigned k = 0; k < 3; k++)
        if (at[k] && env_copy_out(at[k], sets->bits[k], (n + 63) / 64 * 8))
            return -EFAULT;
    return count;
}

static int64_t select_until(uint64_t n, const uaddr_t at[3], uint64_t deadline_ns)
{
    struct sets *sets;
    struct slot *slots;
    int64_t count = -ENOMEM;

    if ((int)n < 0)
        return -EINVAL;
    n = (uint32_t)n < FD_MAX ? (uint32_t)n : FD_MAX;
    sets = alloc_get(sizeof *sets);
    slots = alloc_get((n + 1) * sizeof *slots);
    if (sets && slots)
        count = select_with(sets, slots, at, n, deadline_ns);
    alloc_put(slots);
    alloc_put(sets);
    return count;
}

/* What is left of the time goes back to the caller (select(2)); unit: a second's part that the caller counts in. */
static void time_left(uaddr_t at, uint64_t deadline_ns, uint64_t unit_ns)
{
    uint64_t now = env_now_ns(), left = deadline_ns > now ? deadline_ns - now : 0;
    const uint64_t out[2] = {left / 1000000000u, left % 1000000000u / unit_ns};

    env_copy_out(at, out, sizeof out);
}

int64_t posix_select(OS_N, uint64_t n, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout)
{
    const uaddr_t at[3] = {in, out, except};
    uint64_t deadline_ns = SCHED_FOREVER;
    int64_t tv[2], count;

    if (timeout && env_copy_in(tv, timeout, sizeof tv))
        return -EFAULT;
    if (timeout && (tv[0] < 0 || tv[1] < 0))
        return -EINVAL;
    if (timeout) {
        tv[0] = tv[0] < INT32_MAX ? tv[0] : INT32_MAX;
        tv[1] = tv[1] < INT32_MAX ? tv[1] : INT32_MAX;
        deadline_ns = deadline_of((uint64_t)tv[0] * 1000000000u + (uint64_t)tv[1] * 1000u);
    }
    count = select_until(n, at, deadline_ns);
    if (timeout && count >= 0)
        time_left(timeout, deadline_ns, 1000);
    return count;
}

int64_t posix_pselect6(OS_N, uint64_t n, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout, uint64_t mask)
{
    const uaddr_t at[3] = {in, out, except};
    uint64_t ns, deadline_ns = SCHED_FOREVER;
    int64_t count = timeout ? time_read(timeout, &ns) : 0;

    (void)mask;
    if (count)
        return count;
    if (timeout)
        deadline_ns = deadline_of(ns);
    count = select_until(n, at, deadline_ns);
    if (timeout && count >= 0)
        time_left(timeout, deadline_ns, 1);
    return count;
}

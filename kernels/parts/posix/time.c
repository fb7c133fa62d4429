/* SPDX-License-Identifier: MIT */
/* time.c: clocks and sleeping. */
#include "linux.h"
#include "process.h"

#define NS 1000000000ull

int time_read(uaddr_t at, uint64_t *ns)
{
    struct linux_timespec t;
    int error = env_copy_in(&t, at, sizeof t);

    if (error)
        return error;
    if (t.sec < 0 || t.nsec < 0 || (uint64_t)t.nsec >= NS)
        return -EINVAL;
    *ns = (uint64_t)t.sec > UINT64_MAX / NS / 4 ? UINT64_MAX / 4 : (uint64_t)t.sec * NS + (uint64_t)t.nsec;
    return 0;
}

static int time_write(uaddr_t at, uint64_t ns)
{
    const struct linux_timespec t = {(int64_t)(ns / NS), (int64_t)(ns % NS)};

    return env_copy_out(at, &t, sizeof t);
}

/* What a clock shows now, or UINT64_MAX if there is no such clock. */
static uint64_t clock_now(uint64_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return env_epoch_ns() + env_now_ns();
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        return env_now_ns();
    }
    return UINT64_MAX;
}

int64_t posix_clock_gettime(OS_N, uint64_t clock, uint64_t ts)
{
    uint64_t now = clock_now(clock);

    return now == UINT64_MAX ? -EINVAL : time_write(ts, now);
}

int64_t posix_clock_getres(OS_N, uint64_t clock, uint64_t ts)
{
    if (clock_now(clock) == UINT64_MAX)
        return -EINVAL;
    return ts ? time_write(ts, 1) : 0;
}

int64_t posix_gettimeofday(OS_N, uint64_t tv, uint64_t tz)
{
    uint64_t now = clock_now(CLOCK_REALTIME);
    const int64_t out[2] = {(int64_t)(now / NS), (int64_t)(now % NS / 1000)};

    (void)tz;
    return tv ? env_copy_out(tv, out, sizeof out) : 0;
}

static int64_t sleep_until(uint64_t deadline_ns, uaddr_t left)
{
    struct waitq nobody;
    uint64_t now;
    int error;

    sched_waitq_init(&nobody);
    error = sched_wait(&nobody, deadline_ns);
    if (error != -EINTR)
        return 0;
    now = env_now_ns();
    if (left)
        time_write(left, deadline_ns > now ? deadline_ns - now : 0);
    return -EINTR;
}

int64_t posix_clock_nanosleep(OS_N, uint64_t clock, uint64_t flags, uint64_t want, uint64_t left)
{
    uint64_t ns, now = clock_now(clock);
    int error = now == UINT64_MAX ? -EINVAL : time_read(want, &ns);

    if (error)
        return error;
    if (flags & TIMER_ABSTIME)
        ns = ns > now ? ns - now : 0;
    return sleep_until(env_now_ns() + ns, flags & TIMER_ABSTIME ? 0 : left);
}

int64_t posix_nanosleep(OS_N, uint64_t want, uint64_t left)
{
    return posix_clock_nanosleep(0, CLOCK_MONOTONIC, 0, want, left);
}

int64_t posix_sched_yield(OS_N)
{
    sched_yield();
    return 0;
}

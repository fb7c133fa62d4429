/* SPDX-License-Identifier: MIT */
/* time.c: clocks and sleeping. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <sys/time.h>
#include <time.h>

#define NS 1000000000ll

static long long now(clockid_t clock)
{
    struct timespec t = {0};

    clock_gettime(clock, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

static bool is_monotonic(void)
{
    long long last = now(CLOCK_MONOTONIC);

    for (unsigned i = 0; i < 1000; i++) {
        long long next = now(CLOCK_MONOTONIC);
        if (next < last)
            return false;
        last = next;
    }
    return true;
}

static void sleeping(void)
{
    struct timespec short_time = {.tv_nsec = 3000000}, left, until, bad = {.tv_nsec = NS}, negative = {.tv_sec = -1};
    long long before = now(CLOCK_MONOTONIC);

    CALL(nanosleep(&short_time, &left));
    TRUTH(now(CLOCK_MONOTONIC) - before >= 3000000);
    CALL(nanosleep(&bad, NULL));
    CALL(nanosleep(&negative, NULL));
    CALL(nanosleep(NOWHERE, NULL));
    CALL(nanosleep(&(struct timespec){0}, NULL));
    clock_gettime(CLOCK_MONOTONIC, &until);
    ERROR(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    before = now(CLOCK_REALTIME);
    ERROR(clock_nanosleep(CLOCK_REALTIME, 0, &short_time, NULL));
    TRUTH(now(CLOCK_REALTIME) - before >= 3000000);
    ERROR(clock_nanosleep(4711, 0, &short_time, NULL));
}

void suite_time(void)
{
    struct timespec t;
    struct timeval v;

    suite_line("# time");
    CALL(clock_gettime(CLOCK_MONOTONIC, &t));
    CALL(clock_gettime(CLOCK_REALTIME, &t));
    CALL(clock_gettime(4711, &t));
    CALL(clock_getres(CLOCK_MONOTONIC, &t));
    CALL(clock_getres(CLOCK_MONOTONIC, NULL));
    TRUTH(is_monotonic());
    TRUTH(now(CLOCK_REALTIME) > 1600000000 * NS);
    CALL(gettimeofday(&v, NULL));
    TRUTH(v.tv_sec - time(NULL) <= 1 && time(NULL) - v.tv_sec <= 1);
    sleeping();
}

/* SPDX-License-Identifier: MIT */
/*
 * clock.h: the harness's own clock, for time-outs and estimates; nothing that is reported is measured by it.
 */
#ifndef TOLL_CLOCK_H
#define TOLL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif

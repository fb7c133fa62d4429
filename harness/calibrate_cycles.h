/* SPDX-License-Identifier: MIT */
/*
 * calibrate_cycles.h: the TSC, read after all that stands before it and before all that follows: LFENCE on both sides
 * (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, RDTSC).
 */
#ifndef TOLL_CALIBRATE_CYCLES_H
#define TOLL_CALIBRATE_CYCLES_H

#include <stdint.h>

static inline uint64_t calibrate_cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

#endif

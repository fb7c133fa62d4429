/* SPDX-License-Identifier: MIT */
/*
 * random.h: a seeded generator, so that every interval and p-value is the same each time it is computed from the same
 * samples.  SplitMix64: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
 */
#ifndef TOLL_RANDOM_H
#define TOLL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline struct random random_of(uint64_t seed)
{
    return (struct random){seed};
}

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* A whole number from 0 to limit - 1; limit > 0 and below 2^32, so that the bias of the product is below 2^-32. */
static inline size_t random_below(struct random *random, size_t limit)
{
    return (size_t)(((random_next(random) >> 32) * (uint64_t)limit) >> 32);
}

/* From 0 up to, not including, 1. */
static inline double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

#endif

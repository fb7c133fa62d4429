/* SPDX-License-Identifier: MIT */
/* random.h: random numbers of a domain. */
#ifndef TOLL_RANDOM_H
#define TOLL_RANDOM_H

#include "base/string.h"
#include "machine/cpu.h"
#include <stddef.h>

struct random {
    uint64_t state;
    bool repeats; /* a run that must repeat: nothing stirs the state */
};

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014), seeded by the command line where a run must repeat; else every step is
   stirred by the processor's own generator, if there is one, or by the time. */
static inline uint64_t random_next(struct random *r)
{
    uint64_t z;

    if (!r->repeats)
        r->state ^= cpu.rdrand ? x86_rdrand() : x86_rdtsc();
    z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline void random_fill(struct random *r, void *buf, size_t n)
{
    char *out = buf;

    for (size_t done = 0; done < n; done += sizeof(uint64_t)) {
        uint64_t word = random_next(r);
        memcpy(out + done, &word, n - done < sizeof word ? n - done : sizeof word);
    }
}

#endif

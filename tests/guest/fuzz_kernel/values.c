/* SPDX-License-Identifier: MIT */
/* values.c: random numbers and addresses. */
#include "fuzz_kernel/fuzz.h"
#include <elf.h>
#include <sys/auxv.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

#define STACK_TOUCHED (32 * FUZZ_PAGE)

char fuzz_arena[FUZZ_ARENA_BYTES] __attribute__((aligned(4096)));
static uint64_t state;

static void segment_touch(const Elf64_Phdr *s)
{
    uint64_t end = s->p_vaddr + s->p_memsz;

    for (uint64_t at = s->p_vaddr & ~(FUZZ_PAGE - 1); at < end; at += FUZZ_PAGE) {
        volatile char *p = (volatile char *)(at < s->p_vaddr ? s->p_vaddr : at);
        char byte = *p;
        if (s->p_flags & PF_W)
            *p = byte;
    }
}

void fuzz_touch(void)
{
    const Elf64_Phdr *segment = (const Elf64_Phdr *)getauxval(AT_PHDR), *end = segment + getauxval(AT_PHNUM);
    volatile char stack[STACK_TOUCHED];

    for (; segment < end; segment++)
        if (segment->p_type == PT_LOAD)
            segment_touch(segment);
    for (unsigned i = 0; i < STACK_TOUCHED; i += FUZZ_PAGE)
        stack[i] = 0;
    (void)stack[0];
}

void fuzz_seed(uint64_t seed)
{
    state = seed;
}

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
uint64_t fuzz_random(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t fuzz_below(uint64_t n)
{
    return fuzz_random() % n;
}

bool fuzz_chance(unsigned one_in)
{
    return fuzz_below(one_in) == 0;
}

uint64_t fuzz_word(void)
{
    static const uint64_t borders[] = {
        0,          1,          2,          7,          8,          63,        64,
        255,        256,        4095,       4096,       4097,       65536,     0x7fffffff,
        1ull << 31, 0xffffffff, 1ull << 32, 1ull << 40, 1ull << 47, INT64_MAX, INT64_MAX - 4095};

    return fuzz_chance(3) ? borders[fuzz_below(COUNT(borders))] : fuzz_random() >> (1 + fuzz_below(63));
}

uint64_t fuzz_bad(void)
{
    static const uint64_t bad[] = {0,
                                   1,
                                   0xfff,
                                   0x1000,
                                   0x7ffffff00000,
                                   0x7ffffffff000,
                                   0x7fffffffffff,
                                   0x800000000000,
                                   0x0123456789abcdef,
                                   0xffff7fffffffffff,
                                   0xffff800000000000,
                                   0xffff800000200000,
                                   0xffffc000fee00000,
                                   0xffffc000fec00000,
                                   0xffffffff80200000,
                                   0xffffffff80000000,
                                   -4096ull,
                                   -8ull,
                                   -1ull};

    return bad[fuzz_below(COUNT(bad))];
}

uint64_t fuzz_memory(void)
{
    uint64_t offset = fuzz_below(FUZZ_ARENA_BYTES - 2 * FUZZ_PAGE);

    return (uint64_t)fuzz_arena + (fuzz_chance(4) ? offset : offset & ~(FUZZ_PAGE - 1));
}

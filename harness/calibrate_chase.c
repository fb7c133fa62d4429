/* SPDX-License-Identifier: MIT */
/*
 * calibrate_chase.c: penalties of caches and TLBs by chasing pointers.  Places in memory are linked into one ring in
 * random order, so that no prefetcher knows the next and each load waits for the one before; a load then takes the
 * latency of the level that holds the ring.  A penalty is the difference between two rings.
 *
 *      l1d     a ring of lines in a quarter of L2, less one in half of L1D; both in large pages where Linux gives them
 *      l2      one of four times L2, less the first above
 *      dtlb    one line in each of a quarter as many pages as the second-level TLB holds, less as many lines side
 *              by side
 *      stlb    the same with four times the second-level TLB, less its lines side by side, less the penalty of dtlb
 */
#include "calibrate.h"
#include "calibrate_cycles.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROUNDS 21
#define LINE 64
#define PAGE 4096
#define HUGE (2u << 20)
#define HOPS_MIN 20000

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* count places, stride bytes apart; in pages one line further each time, or they would all fall into one set. */
static char *place(char *memory, size_t i, size_t stride)
{
    return memory + i * stride + (stride >= PAGE ? i % (PAGE / LINE) * LINE : 0);
}

/* One ring through all places: Sattolo's shuffle. */
static void ring_make(char *memory, size_t *order, size_t count, size_t stride)
{
    uint64_t state = 0x9e3779b97f4a7c15;

    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count - 1; i > 0; i--) {
        size_t k = random_next(&state) % i, swapped = order[i];

        order[i] = order[k];
        order[k] = swapped;
    }
    for (size_t i = 0; i < count; i++)
        *(void **)(void *)place(memory, order[i], stride) = place(memory, order[(i + 1) % count], stride);
}

static void *ring_run(void *at, size_t hops)
{
    for (size_t i = 0; i < hops; i++)
        at = *(void *volatile *)at;
    return at;
}

/* Cycles of one load in each round; false if there is no memory. */
static bool ring_measure(size_t count, size_t stride, bool large, double *cycles)
{
    size_t bytes = (count * stride + 2 * HUGE) & ~(size_t)(HUGE - 1), hops = count > HOPS_MIN ? count : HOPS_MIN;
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t *order = malloc(count * sizeof(*order));
    char *memory = map + (-(uintptr_t)map & (HUGE - 1));
    void *at;

    if (map == MAP_FAILED || !order) {
        free(order);
        return false;
    }
    madvise(map, bytes, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    memset(memory, 0, count * stride);
    ring_make(memory, order, count, stride);
    at = ring_run(place(memory, 0, stride), 2 * count);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = calibrate_cycles();

        at = ring_run(at, hops);
        cycles[i] = (double)(calibrate_cycles() - start) / (double)hops;
    }
    __asm__ volatile("" ::"r"(at));
    munmap(map, bytes);
    free(order);
    return true;
}

struct ring {
    size_t count, stride;
    bool large;
};

/* What a load takes more in one ring than in the other. */
static void difference_add(struct arena *arena, struct calibrate *calibrate, const char *name, const char *how,
                           struct ring far, struct ring near, double less)
{
    struct calibrate_value what = {.name = name, .how = how, .native = true};
    double a[ROUNDS], b[ROUNDS];

    if (!ring_measure(far.count, far.stride, far.large, a) || !ring_measure(near.count, near.stride, near.large, b)) {
        calibrate_refuse(arena, calibrate, what, "there is not enough memory");
        return;
    }
    stats_sort(b, ROUNDS);
    calibrate_add(arena, calibrate, what, a, ROUNDS, 1, stats_median(b, ROUNDS) + less);
}

void calibrate_chase(struct arena *arena, const struct profile *base, struct calibrate *calibrate)
{
    const struct profile_array *l1 = &base->arrays[PROFILE_L1D], *l2 = &base->arrays[PROFILE_L2];
    const struct profile_array *tlb = &base->arrays[PROFILE_STLB];
    const struct calibrate_value *dtlb;

    if (l1->known && l2->known) {
        size_t quarter = l2->size / 4, twice = 2 * l1->size;
        struct ring in_l2 = {(quarter > twice ? quarter : twice) / LINE, LINE, true};

        difference_add(arena, calibrate, "miss.l1d", "a chain of loads in L2, less one in L1", in_l2,
                       (struct ring){l1->size / LINE / 2, LINE, true}, 0);
        difference_add(arena, calibrate, "miss.l2", "a chain of loads in four times L2, less one in L2",
                       (struct ring){4 * (size_t)l2->size / LINE, LINE, true}, in_l2, 0);
    }
    if (!tlb->known)
        return;
    difference_add(arena, calibrate, "miss.dtlb", "a chain of loads, each in another page, that the second TLB holds",
                   (struct ring){tlb->size / 4, PAGE, false}, (struct ring){tlb->size / 4, LINE, true}, 0);
    dtlb = calibrate_find(calibrate, "miss.dtlb", true);
    if (dtlb)
        difference_add(arena, calibrate, "miss.stlb",
                       "a chain of loads, each in another page, of four times the second TLB",
                       (struct ring){4 * (size_t)tlb->size, PAGE, false},
                       (struct ring){4 * (size_t)tlb->size, LINE, true}, dtlb->cycles);
}

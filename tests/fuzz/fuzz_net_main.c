/* SPDX-License-Identifier: MIT */
/*
 * fuzz_net_main.c: fuzz_net COUNT SEED: COUNT scripts for the fuzz target, each a sound conversation whose steps are
 * changed, left out, repeated, or exchanged, or one of chance alone.  Prints how far it came if it is stopped; the same
 * arguments do the same again.
 */
#include "fuzz_net.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_EACH 20u
#define SCRIPT_MAX 400u
#define STEP_MAX 8u

/* Open, accept, a question, its answer, acknowledged, a window that is filled, the end from both sides; a connection of
   the program's own; a datagram in two pieces. */
static const uint8_t sound[][STEP_MAX] = {
    {STEP_SEGMENT, 0, 2, 0, 0, 0, 0},
    {STEP_SEGMENT, 0, 16, 0, 0, 0, 0},
    {STEP_CALL, 0, 4, 0},
    {STEP_SEGMENT, 0, 24, 0, 0, 0, 20},
    {STEP_CALL, 2, 0, 100},
    {STEP_CALL, 2, 2, 200},
    {STEP_SEGMENT, 0, 16, 0, 0, 0, 0},
    {STEP_SEGMENT, 0, 24, 0, 0, 4, 240},
    {STEP_SEGMENT, 0, 24, 0, 0, 1, 240},
    {STEP_CALL, 2, 2, 254},
    {STEP_TIME, 28},
    {STEP_SEGMENT, 0, 16, 0, 0, 3, 0},
    {STEP_CALL, 7, 7, 0},
    {STEP_CALL, 3, 8, 1},
    {STEP_SEGMENT, 1, 18, 0, 0, 0, 0},
    {STEP_CALL, 3, 2, 100},
    {STEP_SEGMENT, 1, 24, 200, 0, 0, 60},
    {STEP_SEGMENT, 1, 24, 0, 0, 0, 240},
    {STEP_CALL, 3, 0, 250},
    {STEP_ORDER, 0, 16, 30, 80},
    {STEP_ORDER, 0, 16, 90, 60},
    {STEP_ORDER, 0, 16, 20, 40},
    {STEP_ORDER, 0, 16, 0, 20},
    {STEP_EDGE, 0, 16, 128, 100},
    {STEP_FILL, 0, 120},
    {STEP_CALL, 2, 0, 254},
    {STEP_EDGE, 0, 16, 128, 20},
    {STEP_CALL, 2, 5, 2},
    {STEP_SEGMENT, 0, 17, 0, 0, 0, 0},
    {STEP_CALL, 2, 6, 0},
    {STEP_SEGMENT, 0, 16, 0, 0, 0, 0},
    {STEP_TIME, 33},
    {STEP_DATAGRAM, 0, 100, 9},
    {STEP_DATAGRAM, 0, 100, 17},
    {STEP_CALL, 1, 0, 255},
    {STEP_CALL, 1, 18, 21},
    {STEP_ARP, 1, 2},
    {STEP_ICMP, 8, 10},
    {STEP_CUT, 20, 3},
    {STEP_DATAGRAM, 0, 120, 0},
    {STEP_FRAGMENT, 1, 30, 128, 40},
    {STEP_FRAGMENT, 1, 30, 30, 40},
    {STEP_SEGMENT, 1, 20, 0, 0, 0, 0},
};
#define SOUND_STEPS (sizeof sound / sizeof *sound)

static uint64_t state;
static unsigned long current;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static size_t script_random(uint8_t *script)
{
    size_t bytes = 1 + random_below(SCRIPT_MAX - 1);
    for (size_t i = 0; i < bytes; i++)
        script[i] = (uint8_t)random_below(256);
    return bytes;
}

static size_t step_bytes(const uint8_t *step)
{
    static const uint8_t bytes[] = {2, 3, 7, 4, 9, 3, 3, 4, 5, 5, 5, 5, 3, 3};
    return bytes[step[0] % FUZZ_NET_STEPS];
}

static size_t script_changed(uint8_t *script)
{
    unsigned rarity = 1 + random_below(12);
    size_t bytes = 0;
    for (unsigned i = 0; i < SOUND_STEPS && bytes + STEP_MAX < SCRIPT_MAX; i++) {
        unsigned which = random_below(16) ? i : random_below(SOUND_STEPS),
                 times = random_below(10) ? 1 : random_below(4);
        for (; times && bytes + STEP_MAX < SCRIPT_MAX; times--) {
            size_t n = step_bytes(sound[which]);
            memcpy(script + bytes, sound[which], n);
            if (random_below(rarity) == 0)
                script[bytes + 1 + random_below((uint32_t)n - 1)] = (uint8_t)random_below(256);
            if (script[bytes] == STEP_SEGMENT && random_below(20) == 0) {
                memmove(script + bytes + 3, script + bytes + 1, n - 1);
                script[bytes] = STEP_DAMAGED;
                script[bytes + 1] = (uint8_t)random_below(256);
                script[bytes + 2] = (uint8_t)random_below(256);
                n += 2;
            }
            bytes += n;
        }
    }
    return bytes;
}

static void say_where(int signal)
{
    char line[64];
    int n = snprintf(line, sizeof line, "fuzz_net: signal %d at seed %lu\n", signal, current);
    if (write(STDERR_FILENO, line, (size_t)n) != n)
        _exit(2);
    _exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fuzz_net COUNT SEED\n");
        return 2;
    }
    unsigned long count = strtoul(argv[1], NULL, 0), seed = strtoul(argv[2], NULL, 0);
    fuzz_net_init();
    signal(SIGABRT, say_where);
    signal(SIGALRM, say_where);
    for (unsigned long i = 0; i < count; i++) {
        uint8_t script[SCRIPT_MAX + STEP_MAX];
        current = seed + i;
        state = current * 0x9e3779b97f4a7c15u + 1;
        if (i % 256 == 0)
            alarm(SECONDS_EACH);
        size_t bytes = random_below(4) ? script_changed(script) : script_random(script);
        uint8_t *exact = malloc(bytes); /* so that a sanitizer sees its end */
        memcpy(exact, script, bytes);
        LLVMFuzzerTestOneInput(exact, bytes);
        free(exact);
    }
    printf("fuzz_net: %lu scripts, %lu frames, %lu connections accepted, %lu bytes received\n", count, fuzz_net_frames,
           fuzz_net_opened, fuzz_net_received);
    return fuzz_net_opened > count / 4 && fuzz_net_received > count ? 0 : 1;
}

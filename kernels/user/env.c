/* SPDX-License-Identifier: MIT */
/* env.c: what every domain in ring 3 gives its parts: clock, randomness, device addresses, console text. */
#include "env.h"
#include "alloc.h"
#include "base/format.h"
#include "base/panic.h"
#include "base/string.h"
#include "machine/cpu.h"
#include "machine/random.h"
#include "user/user.h"
#include "wire.h"

#define FRAMES_MAX 32

struct cpu cpu;
static struct random generator;

void user_init(void)
{
    cpu = user_info.cpu;
    generator = (struct random){user_info.seed, user_info.seed_repeats};
    alloc_add_range(user_ram(), user_ram() + user_info.ram_bytes);
}

const char *user_program_words(void)
{
    const char *word = user_info.command_line;

    while (*word && strncmp(word, "-- ", 3)) {
        while (*word && *word != ' ')
            word++;
        while (*word == ' ')
            word++;
    }
    return *word ? word + 3 : "";
}

uint64_t env_now_ns(void)
{
    return (uint64_t)((unsigned __int128)(x86_rdtsc() - user_info.tsc_start) * user_info.ns_scale >> 32);
}

uint64_t env_epoch_ns(void)
{
    return user_info.epoch_ns;
}

void env_random(void *buf, size_t n)
{
    random_fill(&generator, buf, n);
}

/* Events find a domain's parts only where they look for them. */
uint64_t env_irq_save(void)
{
    return 0;
}

void env_irq_restore(uint64_t saved)
{
    (void)saved;
}

/* Of this domain's own memory, or of another's that it shares all of. */
uint64_t env_dma(const void *p)
{
    uint64_t offset = (uint64_t)p - user_info.window_address;

    if (offset < user_info.window_whole)
        return user_info.window_physical + offset;
    return user_info.ram_physical + (uint64_t)((const char *)p - user_ram());
}

void env_count(uint32_t kind)
{
    (void)kind; /* where no books are kept */
    BOOK_ADD(user_books[kind], 1);
}

void env_log(const char *format, ...)
{
    char line[WIRE_LINE_MAX];
    va_list args;
    int n;

    va_start(args, format);
    n = format_text_args(line, sizeof line - 1, format, args);
    va_end(args);
    if (n > (int)sizeof line - 2)
        n = sizeof line - 2;
    line[n] = '\n';
    home_text(line, (uint64_t)n + 1);
}

/* The frames of the stack that is in use around frame, which grew down to there. */
static void backtrace(uint64_t rip, uint64_t frame)
{
    uint64_t end = frame + DOMAIN_STACK_BYTES;

    env_log(WIRE_PREFIX "bt %lx", (unsigned long)rip);
    for (int i = 0; i < FRAMES_MAX && frame >= DOMAIN_SLOT_BASE && frame < end && frame % 8 == 0; i++) {
        const uint64_t *words = (const uint64_t *)frame;
        if (words[1] < DOMAIN_SLOT_BASE)
            return;
        env_log(WIRE_PREFIX "bt %lx", (unsigned long)words[1]);
        if (words[0] <= frame)
            return;
        frame = words[0];
    }
}

_Noreturn void user_stop(const char *message, uint64_t rip, uint64_t frame)
{
    static int twice;

    if (twice++)
        home_end(WIRE_EXIT_PANIC);
    env_log("\n" WIRE_PREFIX "panic domain %u: %s", user_info.domain, message);
    backtrace(rip, frame);
    home_end(WIRE_EXIT_PANIC);
}

_Noreturn void env_panic(const char *message)
{
    user_stop(message, (uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
}

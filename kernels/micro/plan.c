/* SPDX-License-Identifier: MIT */
/*
 * plan.c: shares out the machine's memory: to the kernel itself, to each process its least, then what is left by
 * shares. Each gets one piece; where there is none of that size, a smaller one has to do.
 */
#include "micro/plan.h"
#include "alloc.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/domain.h"

#define KERNEL_SHARE 64 /* the kernel keeps one part in so many, and */
#define KERNEL_BYTES (5u << 19)
#define LARGE_BYTES (2u << 20)
#define SHARES 256    /* at least; if processes want more, so many more */
#define STEP_PARTS 16 /* by which a piece that there is not becomes smaller */

struct plan_range plan_ram[PROCESSES_MAX];
struct plan_range plan_window[PROCESSES_MAX][MICRO_WINDOWS];

bool plan_has_network(void)
{
    static enum { UNKNOWN, NO, YES } has;
    const char *config;

    if (has == UNKNOWN)
        has = boot_network(&config) ? YES : NO;
    return has == YES;
}

bool plan_has(const struct micro_process *m)
{
    return !m->network || plan_has_network();
}

static bool has_domain(unsigned domain)
{
    for (unsigned i = 0; i < micro_process_count; i++)
        if (micro_processes[i].domain == domain)
            return plan_has(&micro_processes[i]);
    return false;
}

bool plan_has_window(const struct micro_process *m, const struct micro_window *w)
{
    bool is = w->bytes || w->offset || w->with;

    return is && plan_has(m) && has_domain(w->with) && !(w->unless && bus_command_line(w->unless, 0));
}

static uint64_t memory_total(void)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < boot.range_count; i++)
        bytes += boot.ranges[i].end - boot.ranges[i].start;
    return bytes;
}

static uint64_t whole_pages(uint64_t bytes)
{
    return bytes & ~(uint64_t)((bytes >= LARGE_BYTES ? LARGE_BYTES : PAGE_BYTES) - 1);
}

static struct plan_range carve(uint64_t bytes, uint64_t enough)
{
    uint64_t physical = 0;

    for (bytes = whole_pages(bytes); bytes; bytes = whole_pages(bytes - bytes / STEP_PARTS - 1)) {
        physical = memory_carve(bytes);
        if (physical || bytes <= enough)
            break;
    }
    return (struct plan_range){physical, physical ? bytes : 0};
}

static void windows_carve(const struct micro_process *m)
{
    for (unsigned i = 0; i < MICRO_WINDOWS; i++)
        if (m->windows[i].bytes && plan_has_window(m, &m->windows[i]))
            plan_window[m->domain][i] = carve(m->windows[i].bytes, m->windows[i].bytes);
}

/* What a process has for certain. */
static uint64_t least(const struct micro_process *m)
{
    uint64_t bytes = m->ram_least;

    for (unsigned i = 0; i < MICRO_WINDOWS; i++)
        bytes += plan_has_window(m, &m->windows[i]) ? m->windows[i].bytes : 0;
    return bytes;
}

static uint64_t shares(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < micro_process_count; i++)
        sum += plan_has(&micro_processes[i]) ? micro_processes[i].ram_share : 0;
    return sum > SHARES ? sum : SHARES;
}

/* The largest first, while there are large pieces. */
static const struct micro_process *largest_left(void)
{
    const struct micro_process *found = NULL;

    for (unsigned i = 0; i < micro_process_count; i++) {
        const struct micro_process *m = &micro_processes[i];
        if (plan_has(m) && !plan_ram[m->domain].bytes && (!found || m->ram_share > found->ram_share))
            found = m;
    }
    return found;
}

void plan_memory(void)
{
    uint64_t total = memory_total(), taken = total / KERNEL_SHARE + KERNEL_BYTES, left;
    const struct micro_process *m;

    for (unsigned i = 0; i < micro_process_count; i++)
        taken += plan_has(&micro_processes[i]) ? least(&micro_processes[i]) : 0;
    left = total > taken ? total - taken : 0;
    while ((m = largest_left())) {
        plan_ram[m->domain] = carve(m->ram_least + left / shares() * m->ram_share, m->ram_least);
        if (!plan_ram[m->domain].bytes)
            break;
    }
    for (unsigned i = 0; i < micro_process_count; i++)
        windows_carve(&micro_processes[i]);
}

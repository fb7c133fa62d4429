/* SPDX-License-Identifier: MIT */
/*
 * main.c: the exokernel's boot order.  Words on the command line: `apps=N` environments (one), which share memory
 * evenly; `extent=FIRST:SECTORS`, once for each, their part of the disk; `ip=...` (net.h), once for each that is to
 * have a network; `leaks=1` to count at the end what was not given back.
 */
#include "alloc.h"
#include "base/panic.h"
#include "env.h"
#include "exo/call.h"
#include "exo/environment.h"
#include "machine/boot.h"
#include "machine/home.h"

#define KERNEL_SHARE 16 /* the kernel keeps one part in so many, and */
#define KERNEL_BYTES (2u << 20)
#define LARGE_BYTES (2u << 20)
#define HEAP_SHARE 32     /* of that the kernel's heap may need one part in so many, and */
#define OVERDRAFT_PAGES 3 /* what one call may take beyond an environment's share */

static struct {
    unsigned count;
    struct {
        uint64_t physical, bytes;
    } ram[ENVIRONMENTS_MAX];
} plan;

static uint64_t memory_total(void)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < boot.range_count; i++)
        bytes += boot.ranges[i].end - boot.ranges[i].start;
    return bytes;
}

/* Each environment's memory is in one piece; where there is none of that size, a smaller one has to do. */
static void memory_plan(void)
{
    uint64_t total = memory_total(), kernel = total / KERNEL_SHARE + KERNEL_BYTES, share;
    uint64_t apps = boot_number("apps=", 1);

    if (!apps || apps > ENVIRONMENTS_MAX)
        panic("apps= can be 1 to %u", ENVIRONMENTS_MAX);
    plan.count = (unsigned)apps;
    share = total > kernel ? (total - kernel) / plan.count : 0;
    for (unsigned i = 0; i < plan.count; i++) {
        uint64_t bytes = share, physical = 0;
        while (bytes >= PAGE_BYTES && !physical) {
            bytes &= ~(uint64_t)((bytes >= LARGE_BYTES ? LARGE_BYTES : PAGE_BYTES) - 1);
            physical = memory_carve(bytes);
            if (!physical)
                bytes -= bytes / KERNEL_SHARE + PAGE_BYTES;
        }
        plan.ram[i].physical = physical;
        plan.ram[i].bytes = physical ? bytes : 0;
    }
}

/* What the kernel then has is shared evenly too, but for what its heap may need. */
static void environments_start(void)
{
    int64_t share, pages;

    for (unsigned i = 0; i < plan.count; i++)
        if (environment_create(i, plan.ram[i].physical, plan.ram[i].bytes) < 0)
            panic("environment %u cannot be made", i);
    pages = (int64_t)alloc_free_pages();
    share = (pages - pages / HEAP_SHARE) / plan.count - OVERDRAFT_PAGES;
    for (unsigned i = 0; i < plan.count; i++)
        environments[i].kernel_pages_max = environments[i].kernel_pages + share;
}

static uint64_t pages_used(void)
{
    return alloc_total_pages() - alloc_free_pages();
}

/* The heap keeps the last frame of each size of object, so those sizes are used once before the first count. */
static void heap_touch(void)
{
    static const size_t sizes[] = {sizeof(struct thread), sizeof(struct table), sizeof(struct table_pages)};

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        alloc_put(alloc_get(sizes[i]));
}

_Noreturn void kernel_main(void)
{
    static struct thread boot_thread;
    extern char boot_stack_top[];
    uint64_t used;
    int status;

    home_start(false);
    frame_reserve();
    memory_plan();
    home_memory(true);
    sched_init(&boot_thread, boot_stack_top, home_fpu_make());
    call_init();
    frame_init();
    console_start();
    disk_init();
    network_init();
    heap_touch();
    used = pages_used();
    environments_start();
    status = environment_wait_all();
    if (boot_number("leaks=", 0))
        env_log(WIRE_PREFIX "value frames_leaked frames %ld", (long)(pages_used() - used + frame_count_owned()));
    home_shutdown(status);
}

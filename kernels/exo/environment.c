/* SPDX-License-Identifier: MIT */
/*
 * environment.c: the life of environments.  Each is one thread of the scheduler, which spends its time in ring 3, and
 * ends in its own context only: in call_end, or with an exception that it cannot be told of.
 */
#include "exo/environment.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "env.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/switch.h"

extern const char module_library_start[], module_library_end[], module_program_start[], module_program_end[];

struct environment environments[ENVIRONMENTS_MAX];
static unsigned alive_count;
static int first_status;
static struct waitq all_ended = WAITQ_INIT(all_ended);

/* The options, and of the words of programs, which words "--" part, those of number n: "OPTIONS -- WORDS". */
static void words_tell(struct domain_info *info, unsigned n)
{
    const char *start = boot_program_words(), *next;
    size_t options = (size_t)(start - boot.command_line), bytes;

    if (!*start)
        return;
    for (; n && start; n--) {
        start = strstr(start, " -- ");
        start = start ? start + 4 : NULL;
    }
    next = start ? strstr(start, " -- ") : NULL;
    bytes = !start ? 0 : next ? (size_t)(next - start) : strlen(start);
    if (options >= sizeof info->command_line)
        return;
    if (bytes >= sizeof info->command_line - options)
        bytes = sizeof info->command_line - options - 1;
    memset(info->command_line, 0, sizeof info->command_line);
    memcpy(info->command_line, boot.command_line, options);
    if (start)
        memcpy(info->command_line + options, start, bytes);
}

int environment_page_share(struct environment *e, uint64_t offset, void **out)
{
    *out = paging_table_page(e->tables[0]);
    return *out ? paging_table_map(e->tables[0], DOMAIN_BASE(0) + offset, *out, PAGER_READ | PAGER_WRITE) : -ENOMEM;
}

/* The pages that the kernel and the library share, and what stands there. */
static int info_make(struct environment *e)
{
    int error = environment_page_share(e, DOMAIN_INFO, (void **)&e->info);

    if (!error)
        error = environment_page_share(e, DOMAIN_DONE, (void **)&e->dones);
    if (!error && network_is_of(e->number))
        error = network_open(e);
    if (error)
        return error;
    domain_info_fill(e->info, 0);
    words_tell(e->info, e->number);
    e->info->ram_physical = e->ram_physical;
    e->info->ram_bytes = e->ram_bytes;
    e->info->program_physical = paging_physical(module_program_start);
    e->info->program_bytes = (uint64_t)(module_program_end - module_program_start);
    e->info->environment = e->number;
    e->info->extent_first = e->range_first;
    e->info->extent_sectors = e->range_sectors;
    return 0;
}

/* Library, memory and program, in the first of its tables. */
static int space_make(struct environment *e)
{
    int error = table_make(e, 0);
    struct table *table = e->tables[0];

    if (!error)
        error =
            domain_load(table, module_library_start, (uint64_t)(module_library_end - module_library_start), &e->entry);
    if (!error)
        error = info_make(e);
    if (!error)
        error = domain_map_range(table, DOMAIN_BASE(0) + DOMAIN_RAM, e->ram_physical, e->ram_bytes,
                                 PAGER_READ | PAGER_WRITE);
    if (!error)
        error = domain_map_range(table, PROGRAM_BASE, e->info->program_physical,
                                 (e->info->program_bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1), PAGER_READ);
    return error;
}

static void environment_start(void *arg)
{
    struct environment *e = arg;

    switch_enter_user(e->entry, 0);
}

int environment_create(unsigned number, uint64_t ram_physical, uint64_t ram_bytes)
{
    struct environment *e = &environments[number];
    struct thread *thread;
    int error;

    e->number = number;
    e->ram_physical = ram_physical;
    e->ram_bytes = ram_bytes;
    e->alarm_ns = SCHED_FOREVER;
    e->kernel_pages_max = INT64_MAX;
    sched_waitq_init(&e->events);
    sched_waitq_init(&e->ebb);
    disk_range_set(e);
    frame_own(e, ram_physical, ram_bytes);
    error = space_make(e);
    thread = error ? NULL : sched_create(environment_start, e);
    if (!thread)
        return error ? error : -ENOMEM;
    thread->owner = e;
    e->alive = true;
    alive_count++;
    return 0;
}

_Noreturn void environment_end(int status)
{
    struct environment *e = environment_current();

    disk_release_all(e);
    network_release_all(e);
    console_release(e);
    sched_current()->owner = NULL; /* its tables are not loaded again */
    table_release_all(e);
    frame_release_all(e);
    e->alive = false;
    if (!first_status)
        first_status = status;
    if (!--alive_count)
        sched_wake(&all_ended, 1);
    sched_exit();
}

unsigned environment_count(void)
{
    return alive_count;
}

int environment_wait_all(void)
{
    while (alive_count)
        sched_wait_always(&all_ended);
    return first_status;
}

void environment_tell(struct environment *e, uint32_t events)
{
    e->info->pending |= events;
    sched_wake(&e->events, 1);
}

/* SPDX-License-Identifier: MIT */
/* home.c: env.h, sched.h and pager.h as every domain in ring 0 fulfils them. */
#include "machine/home.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/format.h"
#include "base/string.h"
#include "env.h"
#include "machine/apic.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/cpu.h"
#include "machine/irq.h"
#include "machine/layout.h"
#include "machine/paging.h"
#include "machine/random.h"
#include "machine/serial.h"
#include "machine/stop.h"
#include "machine/switch.h"
#include "machine/x86.h"
#include "posix.h"
#include "sched.h"

uint64_t books[WIRE_KINDS];
static struct random generator;
static uint64_t epoch_ns;

/* A record of what this processor has, so that a run tells what it ran on. */
static void features_say(void)
{
    char features[WIRE_LINE_MAX / 2];

    cpu_describe(features, sizeof features);
    env_log(WIRE_PREFIX "cpu %s", features);
}

/* Gives what memory there is in [from, to) to the allocator. */
static void memory_give(uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < boot.range_count; i++) {
        uint64_t start = boot.ranges[i].start, end = boot.ranges[i].end;
        if (start < from)
            start = from;
        if (end > to)
            end = to;
        if (start < end)
            alloc_add_range(paging_direct(start), paging_direct(end));
    }
}

void home_start(bool own_stacks)
{
    serial_init();
    boot_read();
    cpu_init();
    trap_init(own_stacks);
}

void home_memory(bool user)
{
    memory_give(0, BOOT_MAPPED_BYTES);
    paging_init(user);
    memory_give(BOOT_MAPPED_BYTES, UINT64_MAX);
    apic_init();
    apic_clock_init();
    generator = (struct random){boot_number("seed=", x86_rdtsc()), bus_command_line("seed=", 0)};
    epoch_ns = boot_number("epoch=", 0) * 1000000000u;
    features_say();
}

void home_init(bool own_stacks, bool user)
{
    home_start(own_stacks);
    home_memory(user);
}

void *home_fpu_make(void)
{
    void *area = cpu.fpu_bytes <= PAGE_BYTES ? alloc_page() : NULL;

    if (area) {
        memset(area, 0, cpu.fpu_bytes);
        cpu_fpu_init(area);
    }
    return area;
}

int env_thread_prepare(struct thread *t, void (*start)(struct thread *t))
{
    t->fpu = home_fpu_make();
    t->sp = switch_prepare(t->stack_top, start, t);
    return t->fpu ? 0 : -ENOMEM;
}

void home_thread_reset(void)
{
    struct thread *t = sched_current();

    t->tls = 0;
    cpu_fs_base_set(0);
    memset(t->fpu, 0, cpu.fpu_bytes);
    cpu_fpu_init(t->fpu);
    cpu_fpu_load(t->fpu);
}

void env_thread_release(struct thread *t)
{
    alloc_page_free(t->fpu);
}

void home_thread_switch(struct thread *from, struct thread *to)
{
    BOOK_ADD(books[WIRE_THREAD_SWITCH], 1);
    cpu_fpu_switch(from->fpu, to->fpu);
    if (cpu.fsgsbase)
        from->tls = cpu_fs_base();
    if (from->tls != to->tls)
        cpu_fs_base_set(to->tls);
    switch_stacks(&from->sp, to->sp, to->stack_top);
}

void home_interrupt(const struct trap *trap)
{
    BOOK_ADD(books[WIRE_INTERRUPT], 1);
    if (trap->vector != TRAP_TIMER) {
        irq_run((unsigned)trap->vector);
        return;
    }
    apic_end_of_interrupt();
    sched_tick(apic_now_ns());
}

uint32_t home_fault_access(const struct trap *trap)
{
    return trap->error & PF_WRITE ? PAGER_WRITE : trap->error & PF_FETCH ? PAGER_EXEC : PAGER_READ;
}

uint64_t env_now_ns(void)
{
    return apic_now_ns();
}

uint64_t env_epoch_ns(void)
{
    return epoch_ns;
}

/* Weak: a home that wants the timer for more than threads has its own. */
__attribute__((weak)) void env_timer_set(uint64_t deadline_ns)
{
    apic_timer_set(deadline_ns);
}

void env_random(void *buf, size_t n)
{
    random_fill(&generator, buf, n);
}

int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    return irq_bind(irq, handler, arg);
}

uint64_t env_dma(const void *p)
{
    return paging_physical(p);
}

void env_count(uint32_t kind)
{
    (void)kind; /* where no books are kept */
    BOOK_ADD(books[kind], 1);
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
    serial_write(line, (uint64_t)n + 1);
}

unsigned env_books(uint64_t *out, unsigned n)
{
    if (n > BOOKS_KEPT)
        n = BOOKS_KEPT;
    memcpy(out, books, n * sizeof *books);
    return n;
}

/* Here all parts share the kernel's memory. */
void env_usage(uint64_t *out)
{
    out[WIRE_USAGE_FRAMES_PAGER] = out[WIRE_USAGE_FRAMES_KERNEL] = alloc_total_pages() - alloc_free_pages();
}

void env_table_destroy(struct table *table)
{
    paging_table_destroy(table);
}

int env_table_map(struct table *table, uint64_t address, void *frame, uint32_t access)
{
    return paging_table_map(table, address, frame, access);
}

void *env_table_unmap(struct table *table, uint64_t address, bool *dirty)
{
    return paging_table_unmap(table, address, dirty);
}

void env_table_protect(struct table *table, uint64_t address, uint32_t access)
{
    paging_table_protect(table, address, access);
}

void *env_table_find(struct table *table, uint64_t address, uint32_t *access)
{
    return paging_table_find(table, address, access);
}

uint64_t env_table_next(struct table *table, uint64_t address, uint64_t end)
{
    return paging_table_next(table, address, end);
}

void env_idle(void)
{
    x86_sti_hlt_cli();
}

void env_space_bounds(uint64_t *low, uint64_t *high)
{
    *low = USER_START;
    *high = USER_END;
}

void env_tls_set(uint64_t base)
{
    cpu_fs_base_set(base);
}

/* A domain in ring 3 that panics ends with WIRE_EXIT_PANIC, which is no process's status: that signal ends none. */
_Noreturn void home_shutdown(int status)
{
    env_log(WIRE_PREFIX "exit %d", status);
    stop_machine(status == WIRE_EXIT_PANIC ? WIRE_EXIT_PANIC : status ? WIRE_EXIT_FAIL : WIRE_EXIT_OK);
}

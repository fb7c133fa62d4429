/* SPDX-License-Identifier: MIT */
/* env.c: what the kernel's parts get from this home: checked copies across the ring, and switches of environments. */
#include "env.h"
#include "base/errno.h"
#include "exo/call.h"
#include "exo/environment.h"
#include "machine/home.h"
#include "machine/layout.h"
#include "machine/switch.h"

/* Not at TABLE_WINDOW: it ends with entries of the kernel's own half, through which the kernel, unlike ring 3, could
   read whatever they map. */
bool env_check_range(uaddr_t address, uint64_t n)
{
    return n == 0 || (n <= TABLE_WINDOW && address <= TABLE_WINDOW - n);
}

static int copy(void *dst, const void *src, size_t n)
{
    uint64_t left;

    cpu_user_begin();
    left = trap_copy(dst, src, n);
    cpu_user_end();
    BOOK_ADD(books[WIRE_BYTES_COPIED], n - left);
    return left ? -EFAULT : 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return env_check_range(src, n) ? copy(dst, (const void *)src, n) : -EFAULT;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return env_check_range(dst, n) ? copy((void *)dst, src, n) : -EFAULT;
}

uint64_t env_irq_save(void)
{
    return 0;
}

void env_irq_restore(uint64_t saved)
{
    (void)saved;
}

static void bases_save(struct thread *t)
{
    if (cpu.fsgsbase) { /* else ring 3 cannot set them */
        t->tls = cpu_fs_base();
        t->gs = cpu_gs_base();
    }
}

/* An environment may have loaded any selectors, which change bases too. */
static void bases_load(const struct thread *t)
{
    __asm__ volatile("mov %w0, %%ds; mov %w0, %%es; mov %w0, %%fs; mov %w0, %%gs" ::"r"(0));
    cpu_fs_base_set(t->tls);
    if (cpu.fsgsbase)
        cpu_gs_base_set(t->gs);
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    BOOK_ADD(books[WIRE_THREAD_SWITCH], 1);
    if (to->owner)
        table_use(to->owner);
    cpu_fpu_switch(from->fpu, to->fpu);
    bases_save(from);
    bases_load(to);
    switch_stacks(&from->sp, to->sp, to->stack_top);
}

/* A base that the processor would not take is refused here. */
int64_t call_tls(CALL_N, uint64_t base)
{
    if (base >= USER_END)
        return -EINVAL;
    sched_current()->tls = base;
    cpu_fs_base_set(base);
    return 0;
}

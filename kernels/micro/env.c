/* SPDX-License-Identifier: MIT */
/* env.c: what the kernel's parts, alloc and sched, get from this home. */
#include "env.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/switch.h"
#include "machine/trap.h"
#include "micro/fpu.h"
#include "micro/space.h"
#include "micro/tcb.h"

uint64_t env_irq_save(void)
{
    return 0;
}

void env_irq_restore(uint64_t saved)
{
    (void)saved;
}

/* Without FSGSBASE ring 3 cannot change them, and GS base is 0. */
static inline void bases_switch(struct thread *from, const struct thread *to)
{
    if (__builtin_expect(!cpu.fsgsbase, 0)) {
        if (from->tls != to->tls)
            cpu_fs_base_set(to->tls);
        return;
    }
    __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(from->tls), "=r"(from->gs));
    __asm__ volatile("wrfsbase %0; wrgsbase %1" ::"r"(to->tls), "r"(to->gs));
}

/* The kernel's own thread runs in any space. */
void env_thread_switch(struct thread *from, struct thread *to)
{
    struct tcb *t = to->owner;

    BOOK_ADD(books[WIRE_THREAD_SWITCH], 1);
    bases_switch(from, to);
    fpu_switch(to);
    tcb_running = t;
    if (t && t->table != space_loaded) {
        trap_tss.io_map = t->io_map;
        space_load(t->table);
    }
    switch_stacks(&from->sp, to->sp, to->stack_top);
}

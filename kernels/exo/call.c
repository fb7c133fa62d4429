/* SPDX-License-Identifier: MIT */
/*
 * call.c: how a call arrives here: by the SYSCALL instruction (call.S), as an exception, as an interrupt.  The kernel
 * runs with interrupts off and is never preempted; it opens them only while it has nothing to do (env_idle).
 * Exceptions of an environment are its own business: it is told of them, and ends if it cannot be.
 */
#include "exo/call.h"
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "exo/environment.h"
#include "machine/apic.h"
#include "machine/home.h"
#include "machine/irq.h"
#include "machine/stop.h"

#define FLAGS_CLEARED 0x47700 /* AC NT IOPL DF IF TF */
#define STATUS_SIGNAL 128     /* of an environment that an exception ends */

void call_init(void)
{
    x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE);
    x86_wrmsr(MSR_STAR, (uint64_t)SEL_USER_BASE << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
    x86_wrmsr(MSR_LSTAR, (uint64_t)call_entry);
    x86_wrmsr(MSR_FMASK, FLAGS_CLEARED);
}

int64_t call_null(CALL_N)
{
    return 0;
}

int64_t call_end(CALL_N, uint64_t status)
{
    environment_end((int)status);
}

/* The kernel's books and the environment's, which it keeps in its page. */
int64_t call_books(CALL_N, uint64_t address, uint64_t n)
{
    const struct domain_info *info = environment_current()->info;
    uint64_t all[WIRE_KINDS] = {0};

    if (n > BOOKS_KEPT)
        n = BOOKS_KEPT;
    for (unsigned i = 0; i < n; i++)
        all[i] = books[i] + info->books[i];
    return env_copy_out(address, all, n * sizeof *all) ? -EFAULT : (int64_t)n;
}

/* Those of an environment's start were never the allocator's. */
int64_t call_usage(CALL_N)
{
    return (int64_t)(alloc_total_pages() - alloc_free_pages());
}

static _Noreturn void end_by_exception(const struct trap *trap, uint64_t address)
{
    env_log("environment %u is ended by exception %lu, error %lx, at %lx, address %lx", environment_current()->number,
            (unsigned long)trap->vector, (unsigned long)trap->error, (unsigned long)trap->rip, (unsigned long)address);
    environment_end(STATUS_SIGNAL + trap_signal(trap));
}

static void exception_here(struct trap *trap)
{
    if (trap->vector != VECTOR_PF || !trap_in_copy(trap))
        stop_panic("exception in the kernel", trap);
    trap_copy_fault(trap);
}

static void exception(struct trap *trap)
{
    uint64_t address = trap->vector == VECTOR_PF ? x86_cr2() : 0;

    BOOK_ADD(books[WIRE_EXCEPTION], 1);
    if (trap->vector == VECTOR_PF)
        BOOK_ADD(books[WIRE_PAGE_FAULT], 1);
    if (!(trap->cs & 3) || trap_is_machine(trap))
        exception_here(trap);
    else if (!upcall_exception(trap, environment_current()->info, address))
        end_by_exception(trap, address);
}

static void interrupt(const struct trap *trap)
{
    BOOK_ADD(books[WIRE_INTERRUPT], 1);
    if (trap->vector == TRAP_TIMER) {
        apic_end_of_interrupt();
        time_interrupt();
    } else {
        irq_run((unsigned)trap->vector);
        disk_finish();
    }
}

/* Another environment's turn, and what this one has to be told. */
static void interrupt_return(struct trap *trap)
{
    if (sched_yield_wanted)
        sched_yield();
    if (!upcall_events(trap, environment_current()->info))
        end_by_exception(trap, 0);
}

void trap_dispatch(struct trap *trap)
{
    cpu_user_end();
    if (trap->vector < TRAP_TIMER) {
        exception(trap);
        return;
    }
    interrupt(trap);
    if (trap->cs & 3)
        interrupt_return(trap);
}

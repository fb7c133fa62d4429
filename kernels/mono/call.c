/* SPDX-License-Identifier: MIT */
/*
 * call.c: how a call arrives here: by the SYSCALL instruction (call.S), as an exception, as an interrupt.  The kernel
 * runs with interrupts off and is never preempted; it opens them only while it has nothing to do (env_idle).
 */
#include "mono/call.h"
#include "base/panic.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/stop.h"
#include "machine/switch.h"
#include "machine/x86.h"
#include "posix.h"

#define FLAGS_CLEARED 0x47700 /* AC NT IOPL DF IF TF */
#define SIGSEGV 11

/* What call.inc knows of struct thread. */
_Static_assert(offsetof(struct thread, killed) == 60, "call.inc");

void (*call_enter_user)(uint64_t entry, uint64_t sp) = switch_enter_user;

void call_init(void)
{
    x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE);
    x86_wrmsr(MSR_STAR, (uint64_t)SEL_USER_BASE << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
    x86_wrmsr(MSR_LSTAR, (uint64_t)call_entry);
    x86_wrmsr(MSR_FMASK, FLAGS_CLEARED);
}

void call_return(void)
{
    if (sched_yield_wanted)
        sched_yield();
    posix_return();
}

/* The processor, not the application, touched a present page of ring 3 from there (SDM 3A 4.6.1: implicit supervisor
   access), and SMAP forbade it: trying again would fault again.  QEMU 7.2 does so for LRET and IRET in ring 3. */
static inline bool is_implicit(const struct trap *trap)
{
    return trap->error & PF_PRESENT && !(trap->error & PF_USER) && trap->cs & 3;
}

/* A page fault of the application, or of a copy to or from it. */
static void page_fault(struct trap *trap, uint64_t address)
{
    struct thread *thread = sched_current();
    struct space *space = thread ? thread->space : NULL;
    int error = -1;

    BOOK_ADD(books[WIRE_PAGE_FAULT], 1);
    if (!(trap->cs & 3) && !trap_in_copy(trap))
        stop_panic("page fault in the kernel", trap);
    if (space && address < space->high && !is_implicit(trap))
        error = pager_fault(space, address, home_fault_access(trap));
    if (!error)
        return;
    if (trap->cs & 3)
        posix_fault(SIGSEGV, trap->rip, address);
    else
        trap_copy_fault(trap);
}

static void exception(struct trap *trap)
{
    uint64_t address = x86_cr2();

    BOOK_ADD(books[WIRE_EXCEPTION], 1);
    if (trap->vector == VECTOR_PF)
        page_fault(trap, address);
    else if (trap->cs & 3 && !trap_is_machine(trap))
        posix_fault(trap_signal(trap), trap->rip, 0);
    else
        stop_panic("exception in the kernel", trap);
}

void trap_dispatch(struct trap *trap)
{
    cpu_user_end();
    if (trap->vector < 32)
        exception(trap);
    else
        home_interrupt(trap);
    if (trap->cs & 3)
        call_return();
}

/* SPDX-License-Identifier: MIT */
/*
 * call.c: what interrupts this image: faults that bring in memory, and interrupts.  Calls need no code but call.S.
 *
 * Parts are not preempted here either: an interrupt that finds one running leaves a wish to yield, which the next
 * tick that finds the application running fulfils.
 */
#include "machine/home.h"
#include "machine/stop.h"
#include "machine/x86.h"
#include "posix.h"
#include "uni/stack.h"

#define SIGSEGV 11

extern char image_start[], app_text_start[];

/* Everything but the system's own code, which begins the image: also where a wild jump of the application leads. */
static bool in_application(const struct trap *trap)
{
    return trap->rip - (uint64_t)image_start >= (uint64_t)(app_text_start - image_start);
}

static void page_fault(struct trap *trap, uint64_t address)
{
    struct thread *thread = sched_current();
    struct space *space = thread ? thread->space : NULL;
    int error = -1;

    BOOK_ADD(books[WIRE_PAGE_FAULT], 1);
    if (space && !in_application(trap) && !trap_in_copy(trap)) {
        if (!stack_page_add(trap, space, address))
            stop_panic("page fault in the system", trap);
        return;
    }
    if (space && address < space->high)
        error = pager_fault(space, address, home_fault_access(trap));
    if (!error)
        return;
    if (in_application(trap))
        posix_fault(SIGSEGV, trap->rip, address);
    else if (!trap_copy_fault(trap))
        stop_panic("page fault in the system", trap);
}

static void exception(struct trap *trap)
{
    uint64_t address = x86_cr2();

    BOOK_ADD(books[WIRE_EXCEPTION], 1);
    if (trap->vector == VECTOR_PF)
        page_fault(trap, address);
    else if (in_application(trap) && !trap_is_machine(trap))
        posix_fault(trap_signal(trap), trap->rip, 0);
    else
        stop_panic("exception in the system", trap);
}

void trap_dispatch(struct trap *trap)
{
    if (trap->vector < 32)
        exception(trap);
    else
        home_interrupt(trap);
    if (!in_application(trap))
        return;
    stack_spares_fill();
    if (sched_yield_wanted)
        sched_yield();
    posix_return();
}

/* SPDX-License-Identifier: MIT */
/*
 * upcall.c: what a library does when the kernel calls it: exceptions of the program and of copies to and from it, and
 * events.  entry.S has the ways in and out.
 */
#include "base/format.h"
#include "env.h"
#include "machine/x86.h"
#include "posix.h"
#include "sched.h"
#include "user/library.h"
#include "user/user.h"
#include <stddef.h>

#define SIGSEGV 11

/* What entry.S knows. */
_Static_assert(offsetof(struct upcall, trap.vector) == 120, "entry.S");
_Static_assert(offsetof(struct upcall, trap.rip) == 136, "entry.S");
_Static_assert(offsetof(struct upcall, trap.flags) == 152, "entry.S");
_Static_assert(offsetof(struct upcall, trap.rsp) == 160, "entry.S");
/* A return writes 16 bytes below the target's stack pointer, where the frame itself may end: what lies there must not
   be needed any more. */
_Static_assert(offsetof(struct upcall, trap.ss) == sizeof(struct upcall) - 16, "entry.S");
_Static_assert(offsetof(struct domain_info, pending) == INFO_PENDING, "entry.S");
_Static_assert(offsetof(struct domain_info, leave) == INFO_PENDING + 4, "entry.S");
_Static_assert(offsetof(struct domain_info, upcall_stack) == INFO_UPCALL_STACK, "entry.S");

/* Of parts and glue, which are not preempted and have no faults but in copies.  The gate counts as the program. */
static bool is_inside(const struct trap *trap)
{
    return trap->rip >= (uint64_t)user_text_start && trap->rip < (uint64_t)user_text_end;
}

/* As in any kernel: the processor itself touched a present page (SDM 3A 4.6.1: implicit supervisor access), and trying
   again would fault again. */
static bool is_implicit(const struct trap *trap)
{
    return trap->error & PF_PRESENT && !(trap->error & PF_USER);
}

static uint32_t fault_access(const struct trap *trap)
{
    return trap->error & PF_WRITE ? PAGER_WRITE : trap->error & PF_FETCH ? PAGER_EXEC : PAGER_READ;
}

static _Noreturn void fail(const struct upcall *frame)
{
    const struct trap *trap = &frame->trap;
    char text[WIRE_LINE_MAX / 2];

    format_text(text, sizeof text, "exception %lu in the library, error %lx rip %lx rsp %lx address %lx",
                (unsigned long)trap->vector, (unsigned long)trap->error, (unsigned long)trap->rip,
                (unsigned long)trap->rsp, (unsigned long)frame->address);
    user_stop(text, trap->rip, trap->rbp);
}

static void page_fault(struct upcall *frame, bool inside)
{
    if (inside && !trap_in_copy(&frame->trap))
        fail(frame);
    if (frame->address < APP_END && !is_implicit(&frame->trap) &&
        home_fault(frame->address, fault_access(&frame->trap)) == 0)
        return;
    if (inside)
        trap_copy_fault(&frame->trap);
    else
        posix_fault(SIGSEGV, frame->trap.rip, frame->address);
}

bool user_upcall(struct upcall *frame)
{
    bool inside = is_inside(&frame->trap);

    if (frame->trap.vector == VECTOR_PF)
        page_fault(frame, inside);
    else if (frame->trap.vector != UPCALL_EVENTS && inside)
        fail(frame);
    else if (frame->trap.vector != UPCALL_EVENTS)
        posix_fault(trap_signal(&frame->trap), frame->trap.rip, 0);
    return inside;
}

void user_events(void)
{
    uint32_t events = __atomic_exchange_n(&user_info.pending, 0, __ATOMIC_RELAXED);

    if (events & EVENT_ALARM)
        sched_tick(env_now_ns());
    if (events & ~(uint32_t)EVENT_ALARM)
        home_event(events & ~(uint32_t)EVENT_ALARM);
}

void user_leave(void)
{
    user_info.leave = 0;
    user_events();
    if (sched_yield_wanted)
        sched_yield();
    posix_return();
}

/* SPDX-License-Identifier: MIT */
/*
 * upcall.c: makes a trap that is about to return to ring 3 return to the domain's entry instead, with what it would
 * have returned to on the domain's stack.  All that the domain's page says is checked where it is used: addresses must
 * be of the lower half, and the stack is written to as the domain itself could write to it.
 */
#include "machine/domain.h"
#include "machine/home.h"
#include "machine/layout.h"

#define FLAGS_AT_ENTRY (FLAGS_IF | 2)

/* Where the frame goes; 0 if there is no room. */
static uint64_t frame_place(const struct trap *trap, const struct domain_info *info)
{
    uint64_t top = info->upcall_stack, sp = trap->rsp, used = top - sp;

    if (used > DOMAIN_STACK_BYTES)
        sp = top;
    sp = (sp - sizeof(struct upcall)) & ~(uint64_t)15;
    return top - sp <= DOMAIN_STACK_BYTES && sp >= USER_START && sp < USER_END - sizeof(struct upcall) ? sp : 0;
}

static bool frame_store(uint64_t place, const struct upcall *frame)
{
    uint64_t left;

    cpu_user_begin();
    left = trap_copy((void *)place, frame, sizeof *frame);
    cpu_user_end();
    return !left;
}

static bool upcall_send(struct trap *trap, const struct domain_info *info, uint64_t vector, uint64_t address)
{
    struct upcall frame = {.trap = *trap, .address = address};
    uint64_t place = frame_place(trap, info), entry = info->upcall_entry;

    frame.trap.vector = vector;
    if (!entry || entry >= USER_END || !place || !frame_store(place, &frame))
        return false;
    trap->rip = entry;
    trap->rsp = place;
    trap->flags = FLAGS_AT_ENTRY;
    BOOK_ADD(books[WIRE_UPCALL], 1);
    return true;
}

bool upcall_exception(struct trap *trap, const struct domain_info *info, uint64_t address)
{
    return upcall_send(trap, info, trap->vector, address);
}

bool upcall_events(struct trap *trap, const struct domain_info *info)
{
    uint64_t start = info->text_start, end = info->text_end;

    if (!info->pending || !info->upcall_entry || (trap->rip >= start && trap->rip < end))
        return true;
    return upcall_send(trap, info, UPCALL_EVENTS, 0);
}

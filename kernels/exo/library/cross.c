/* SPDX-License-Identifier: MIT */
/* cross.c: this structure's protected calls by themselves, for measuring (posix.h). */
#include "base/errno.h"
#include "exo/library/library.h"
#include "posix.h"
#include "wire.h"
#include <stddef.h>

_Static_assert(offsetof(struct upcall, trap.vector) == 120, "cross.S");
_Static_assert(offsetof(struct upcall, trap.rip) == 136, "cross.S");

/* cross.S; the address of the last is taken, without a table between. */
void cross_trap(void);
void cross_fault(uint64_t address);
__attribute__((visibility("hidden"))) void upcall_entry_cross(void);

static void cross_kernel(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        exo_call(EXO_NULL);
        WIRE_MARK(WIRE_MARK_OP);
    }
}

/* An exception costs what telling of it and going on cost, for nothing is done about it. */
static void cross_upcall(uint64_t kind, uint64_t count)
{
    uint64_t entry = user_info.upcall_entry;

    user_info.upcall_entry = (uint64_t)upcall_entry_cross;
    for (uint64_t i = 0; i < count; i++) {
        if (kind == WIRE_CROSS_UPCALL)
            cross_trap();
        else
            cross_fault(APP_END);
        WIRE_MARK(WIRE_MARK_OP);
    }
    user_info.upcall_entry = entry;
}

int env_cross(uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    if (kind != WIRE_CROSS_KERNEL && kind != WIRE_CROSS_UPCALL && kind != WIRE_CROSS_FAULT)
        return -ENOSYS;
    if (words || bytes)
        return -EINVAL;
    if (kind == WIRE_CROSS_KERNEL)
        cross_kernel(count);
    else
        cross_upcall(kind, count);
    return 0;
}

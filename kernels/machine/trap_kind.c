/* SPDX-License-Identifier: MIT */
/* trap_kind.c: what an exception means to whom it is told, in ring 0 and in ring 3. */
#include "machine/trap.h"
#include "machine/x86.h"

#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGFPE 8
#define SIGSEGV 11

extern const char trap_copy_start[], trap_copy_end[], trap_copy_stop[];
extern const char trap_string_start[], trap_string_end[], trap_string_stop[];

static bool trap_is_in(const struct trap *trap, const char *start, const char *end)
{
    return trap->rip >= (uint64_t)start && trap->rip < (uint64_t)end;
}

bool trap_is_machine(const struct trap *trap)
{
    return trap->vector == VECTOR_NMI || trap->vector == VECTOR_DF || trap->vector == VECTOR_MC;
}

int trap_signal(const struct trap *trap)
{
    switch (trap->vector) {
    case 0:
    case 16:
    case 19:
        return SIGFPE;
    case 1:
    case 3:
        return SIGTRAP;
    case 6:
        return SIGILL;
    case 12:
    case 17:
        return SIGBUS;
    }
    return SIGSEGV;
}

bool trap_in_copy(const struct trap *trap)
{
    return trap_is_in(trap, trap_copy_start, trap_copy_end) || trap_is_in(trap, trap_string_start, trap_string_end);
}

bool trap_copy_fault(struct trap *trap)
{
    if (trap_is_in(trap, trap_copy_start, trap_copy_end))
        trap->rip = (uint64_t)trap_copy_stop;
    else if (trap_is_in(trap, trap_string_start, trap_string_end))
        trap->rip = (uint64_t)trap_string_stop;
    else
        return false;
    return true;
}

/* SPDX-License-Identifier: MIT */
/* home.c: what the layer in ring 3 (user.h) needs of this kernel. */
#include "alloc.h"
#include "exo/library/library.h"
#include "pager.h"
#include "sched.h"
#include "wire.h"

void home_sleep(uint64_t deadline_ns)
{
    bool listen = user_info.pending & EVENT_LISTEN;

    if (listen)
        __atomic_and_fetch(&user_info.pending, ~EVENT_LISTEN, __ATOMIC_RELAXED);
    exo_call(EXO_WAIT, deadline_ns, listen);
}

void home_alarm(uint64_t deadline_ns)
{
    exo_call(EXO_ALARM, deadline_ns);
}

void home_tls(uint64_t base)
{
    exo_call(EXO_TLS, base);
}

int home_fault(uint64_t address, uint32_t access)
{
    struct space *space = sched_current()->space;

    return space && address < space->high ? pager_fault(space, address, access) : -1;
}

void home_event(uint32_t events)
{
    if (events & EVENT_DISK)
        blk_event();
    if (events & EVENT_INPUT)
        serial_event();
    if (events & EVENT_NET)
        nic_event();
    if (events & EVENT_LISTEN)
        nic_listen();
}

void home_text(const char *text, uint64_t n)
{
    exo_call(EXO_CONSOLE_WRITE, (uint64_t)text, n);
}

unsigned home_books(uint64_t *out, unsigned n)
{
    int64_t have = exo_call(EXO_BOOKS, (uint64_t)out, n);

    return have > 0 ? (unsigned)have : 0;
}

void home_usage(uint64_t *out)
{
    out[WIRE_USAGE_FRAMES_PAGER] = alloc_total_pages() - alloc_free_pages();
    out[WIRE_USAGE_FRAMES_KERNEL] = (uint64_t)exo_call(EXO_USAGE);
}

_Noreturn void home_end(int status)
{
    exo_call(EXO_END, (uint64_t)status);
    __builtin_trap();
}

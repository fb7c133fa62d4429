/* SPDX-License-Identifier: MIT */
/* home.c: what the layer in ring 3 needs from this structure (user.h), for the application's library. */
#include "alloc.h"
#include "console.h"
#include "micro/client/client.h"
#include "micro/library/library.h"
#include "net.h"
#include "wire.h"

void home_sleep(uint64_t deadline_ns)
{
    user_call(MICRO_SLEEP, deadline_ns, 0, 0, 0, 0, 0);
}

void home_alarm(uint64_t deadline_ns)
{
    user_call(MICRO_ALARM, deadline_ns, 0, 0, 0, 0, 0);
}

void home_tls(uint64_t base)
{
    user_call(MICRO_TLS, base, 0, 0, 0, 0, 0);
}

static uint64_t loaded = HANDLE_SPACE;

void home_space(struct table *table)
{
    uint64_t wanted = table ? table->handle : HANDLE_SPACE;

    if (wanted != loaded)
        user_call(MICRO_SPACE_ENTER, wanted, 0, 0, 0, 0, 0);
    loaded = wanted;
}

void library_space_leave(const struct table *table)
{
    if (table->handle == loaded)
        home_space(NULL);
}

/* The pager was asked before: a fault that comes here is one that it did not mend. */
int home_fault(uint64_t address, uint32_t access)
{
    (void)address;
    (void)access;
    return -1;
}

void home_event(uint32_t events)
{
    if (events & EVENT_INPUT)
        console_event();
    if (events & EVENT_NET)
        net_work();
}

void home_text(const char *text, uint64_t n)
{
    console_write(text, n);
}

unsigned home_books(uint64_t *out, unsigned n)
{
    return (unsigned)user_call(MICRO_BOOKS, (uint64_t)out, n, 0, 0, 0, 0);
}

void home_usage(uint64_t *out)
{
    out[WIRE_USAGE_FRAMES_PAGER] = library_pager_frames();
    client_usage(out);
}

_Noreturn void home_end(int status)
{
    library_network_flush();
    for (;;)
        user_call(MICRO_END, (uint64_t)status, 0, 0, 0, 0, 0);
}

/* The program's memory is mapped where the program sees it. */
const void *client_reach(uaddr_t address, uint64_t *bytes)
{
    return env_check_range(address, *bytes) ? (const void *)address : NULL;
}

int client_touch(uaddr_t address, uint64_t bytes, bool write)
{
    uint64_t end = address + bytes;
    int error = 0;

    while (address < end && !error) {
        char byte;
        error = env_copy_in(&byte, address, 1);
        if (!error && write)
            error = env_copy_out(address, &byte, 1);
        address = (address | (PAGE_BYTES - 1)) + 1;
    }
    return error;
}

/* SPDX-License-Identifier: MIT */
/* serve.c: what a native thread asks of its fiber: system calls and page faults. */
#include "base/errno.h"
#include "env.h"
#include "machine/layout.h"
#include "micro/server/table.h"
#include "micro1/system.h"
#include "os_calls.h"
#include "posix.h"

#define SIGSEGV 11
#define STACK_ARGUMENTS 3 /* of a system call: the last three */

static struct message *next_request(struct native *n)
{
    while (!n->asked) {
        sched_wait(&n->waiters, SCHED_FOREVER);
        posix_return();
    }
    n->asked = false;
    return &n->message;
}

/* The kernel tells of other exceptions too. */
static void serve_fault(struct native *n, const struct message *m)
{
    const struct trap trap = {.vector = MICRO_TAG_OP(m->tag)};
    struct space *space = sched_current()->space;
    uint64_t address = m->word[0];

    if (trap.vector != VECTOR_PF || !m->word[1])
        posix_fault(trap_signal(&trap), m->word[2], 0);
    if (address >= space->high || pager_fault(space, address, (uint32_t)m->word[1]))
        posix_fault(SIGSEGV, m->word[2], address);
    posix_return();
    receive_reply(n, 0, 0, 0);
}

static void serve_call(struct native *n, uint64_t number, const struct message *m)
{
    uint64_t more[STACK_ARGUMENTS] = {0};
    int64_t result = -EFAULT;

    n->tls_set = false;
    if (env_copy_in(more, m->word[3], sizeof more) == 0)
        result = number < OS_CALLS
                     ? os_direct[number](number, m->word[0], m->word[1], m->word[2], more[0], more[1], more[2])
                     : posix_unsupported(number);
    posix_return();
    receive_reply(n, n->tls_set ? REPLY_TLS : REPLY_RESULT, (uint64_t)result, sched_current()->tls);
}

_Noreturn void serve(uint64_t native, uint64_t unused)
{
    struct native *n = (struct native *)native;

    (void)unused;
    for (;;) {
        struct message m = *next_request(n);
        if (m.tag & MICRO_TAG_FAULT)
            serve_fault(n, &m);
        else
            serve_call(n, MICRO_TAG_OP(m.tag), &m);
    }
}

/* SPDX-License-Identifier: MIT */
/* native.c: sched.h's and posix.h's homes: fibers here, with a thread of the kernel for those that have entered a
 * program. */
#include "base/errno.h"
#include "base/panic.h"
#include "env.h"
#include "machine/switch.h"
#include "micro/server/table.h"
#include "micro1/system.h"
#include "posix.h"

#define SIGSEGV 11

static struct native natives[NATIVES_MAX];

struct native *native_find(uint64_t badge)
{
    return badge > 0 && badge <= NATIVES_MAX && natives[badge - 1].used ? &natives[badge - 1] : NULL;
}

static struct native *native_take(void)
{
    for (unsigned i = 0; i < NATIVES_MAX; i++)
        if (!natives[i].used) {
            natives[i] = (struct native){.used = true, .badge = i + 1};
            sched_waitq_init(&natives[i].waiters);
            return &natives[i];
        }
    return NULL;
}

static void handle_close(uint64_t *handle)
{
    if (*handle)
        user_call(MICRO_HANDLE_CLOSE, *handle, 0, 0, 0, 0, 0);
    *handle = 0;
}

static void thread_end(struct native *n)
{
    receive_forget(n);
    if (n->thread)
        user_call(MICRO_THREAD_END, n->thread, 0, 0, 0, 0, 0);
    handle_close(&n->thread);
}

int env_thread_prepare(struct thread *t, void (*start)(struct thread *t))
{
    struct native *n = native_take();
    int64_t endpoint = n ? user_call(MICRO_HANDLE_GIVE, HANDLE_PROCESS, HANDLE_SELF, n->badge, 0, 0, 0) : -ENOMEM;

    if (endpoint < 0) {
        if (n)
            n->used = false;
        return -ENOMEM;
    }
    n->endpoint = (uint64_t)endpoint;
    t->fpu = n;
    t->sp = switch_prepare(t->stack_top, start, t);
    return 0;
}

void env_thread_release(struct thread *t)
{
    struct native *n = native_of(t);

    thread_end(n);
    handle_close(&n->endpoint);
    n->used = false;
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    BOOK_ADD(user_books[WIRE_THREAD_SWITCH], 1);
    switch_stacks(&from->sp, to->sp, to->stack_top);
}

/* Its thread pointer and where it starts are on the program's stack: nothing else can be told a new thread. */
_Noreturn void env_enter(uint64_t entry, uint64_t sp)
{
    struct thread *self = sched_current();
    struct native *n = native_of(self);
    const struct space *space = self->space;
    const uint64_t words[] = {self->tls, entry};
    int64_t thread = env_copy_out(sp - sizeof words, words, sizeof words);

    thread_end(n);
    if (!thread)
        thread = user_call(MICRO_THREAD_MAKE, space->table->space, PROGRAM_START, sp - sizeof words, 0, n->endpoint, 0);
    if (thread < 0)
        posix_fault(SIGSEGV, entry, sp);
    n->thread = (uint64_t)thread;
    switch_leave(serve, (uint64_t)n, 0, self->stack_top);
}

_Noreturn void env_leave_stack(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b)
{
    fn(a, b);
    __builtin_unreachable();
}

void env_tls_set(uint64_t base)
{
    (void)base; /* posix has put it into the thread; the reply tells */
    native_of(sched_current())->tls_set = true;
}

void env_thread_reset(void)
{
    sched_current()->tls = 0;
}

void env_space_load(void)
{
}

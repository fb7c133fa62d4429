/* SPDX-License-Identifier: MIT */
/*
 * fiber.c (host): stacks to run on, for both ways of having threads: sched.c, which stands in for the part, and
 * thread.c, the home of the part itself.
 */
#include "base/panic.h"
#include "host.h"
#include <stdlib.h>
#include <ucontext.h>

#define FIBER_STACK_BYTES (256u << 10)

struct host_fiber {
    ucontext_t context;
    void *stack;
    const void *bottom; /* of its stack, and its length: what the address sanitizer wants to know */
    size_t bytes;
    void *sanitizer;
    void (*entry)(void *arg);
    void *arg;
};

/* The address sanitizer's, where it is linked in. */
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t bytes) __attribute__((weak));
void __sanitizer_finish_switch_fiber(void *saved, const void **bottom, size_t *bytes) __attribute__((weak));

static struct host_fiber own, *current = &own;

/* On f's stack now; the process's own stack is learned when it is first left. */
static void arrive(struct host_fiber *f)
{
    const void *bottom;
    size_t bytes;
    if (!__sanitizer_finish_switch_fiber)
        return;
    __sanitizer_finish_switch_fiber(f->sanitizer, &bottom, &bytes);
    if (!own.bottom) {
        own.bottom = bottom;
        own.bytes = bytes;
    }
}

static void run_entry(void)
{
    arrive(current);
    current->entry(current->arg);
    panic("a fiber's entry returned");
}

struct host_fiber *host_fiber_make(void (*entry)(void *arg), void *arg)
{
    struct host_fiber *f = calloc(1, sizeof *f);
    ASSERT(f);
    f->stack = malloc(FIBER_STACK_BYTES);
    ASSERT(f->stack);
    f->bottom = f->stack;
    f->bytes = FIBER_STACK_BYTES;
    f->entry = entry;
    f->arg = arg;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = FIBER_STACK_BYTES;
    makecontext(&f->context, run_entry, 0);
    return f;
}

void host_fiber_free(struct host_fiber *f)
{
    free(f->stack);
    free(f);
}

void host_fiber_switch(struct host_fiber *to, bool for_good)
{
    struct host_fiber *from = current, *next = to ? to : &own;
    if (next == from)
        return;
    current = next;
    if (__sanitizer_start_switch_fiber)
        __sanitizer_start_switch_fiber(for_good ? NULL : &from->sanitizer, next->bottom, next->bytes);
    swapcontext(&from->context, &next->context);
    arrive(from);
}

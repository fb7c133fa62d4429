/* SPDX-License-Identifier: MIT */
/*
 * server.c: a server's home.  Its thread is the only one; interrupts are bits of the note that is bound to it, and
 * their handlers run between two messages, or while a part waits for one (env_idle).
 */
#include "micro/server/server.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "machine/cpu.h"
#include "micro/client/client.h"
#include "sched.h"

#define NOTE_INTERRUPT 1

static struct {
    uint64_t note; /* 0: no interrupt is bound */
    void (*handler)(void *arg);
    void *arg;
    void (*after)(void);
} interrupt;
static void (*before_end)(void);

void server_init(void)
{
    user_init();
    client_init();
}

void server_after_interrupt(void (*after)(void))
{
    interrupt.after = after;
}

void server_noted(void)
{
    if (before_end) {
        before_end();
        home_end(0);
    }
    interrupt.handler(interrupt.arg);
    user_call(MICRO_IRQ_ACK, HANDLE_IRQ, 0, 0, 0, 0, 0);
    if (interrupt.after)
        interrupt.after();
}

/* A note bound to the thread: its handle. */
static int64_t note_bound(void)
{
    int64_t note = user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);
    int64_t error = note < 0 ? note : user_call(MICRO_NOTE_BIND, (uint64_t)note, 0, 0, 0, 0, 0);

    return error ? error : note;
}

void server_before_end(void (*last)(void))
{
    int64_t note = note_bound(), error = note < 0 ? note : user_call(MICRO_LAST, (uint64_t)note, 1, 0, 0, 0, 0);

    if (error)
        panic("the kernel will not tell of the end: %ld", (long)error);
    before_end = last;
}

int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    int64_t note = interrupt.note ? -EBUSY : note_bound();

    (void)irq; /* it has one only */
    if (note < 0)
        return (int)note;
    interrupt.note = (uint64_t)note;
    interrupt.handler = handler;
    interrupt.arg = arg;
    return (int)user_call(MICRO_IRQ_BIND, HANDLE_IRQ, (uint64_t)note, NOTE_INTERRUPT, 0, 0, 0);
}

/* Needed by part sched, whose one thread here is the server's. */
void env_idle(void)
{
    if (!interrupt.note)
        panic("a server without interrupts waits for one");
    if (user_call(MICRO_NOTE_WAIT, interrupt.note, SCHED_FOREVER, 0, 0, 0, 0) > 0)
        server_noted();
}

int env_thread_prepare(struct thread *t, void (*start)(struct thread *t))
{
    (void)t;
    (void)start;
    return -ENOSYS;
}

void env_thread_release(struct thread *t)
{
    (void)t;
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    panic("a server has one thread, not %p and %p", (void *)from, (void *)to);
}

void env_timer_set(uint64_t deadline_ns)
{
    (void)deadline_ns;
}

/* Needed by the layer in ring 3. */
void home_text(const char *text, uint64_t n)
{
    user_call(MICRO_LOG, (uint64_t)text, n, 0, 0, 0, 0);
}

_Noreturn void home_end(int status)
{
    for (;;)
        user_call(MICRO_END, (uint64_t)status, 0, 0, 0, 0, 0);
}

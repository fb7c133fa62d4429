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
#define NOTE_END 2

static uint64_t bound; /* the note; 0: there is none */
static void (*others)(uint64_t bits);
static struct {
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

static void end_noted(void)
{
    before_end();
    home_end(0);
}

/* Whoever has a handle of the note can signal any of its bits; those that this server has not asked for are nothing. */
void server_noted(uint64_t bits)
{
    if (bits & NOTE_INTERRUPT && interrupt.handler) {
        interrupt.handler(interrupt.arg);
        user_call(MICRO_IRQ_ACK, HANDLE_IRQ, 0, 0, 0, 0, 0);
        if (interrupt.after)
            interrupt.after();
    }
    if (bits & NOTE_OTHERS && others)
        others(bits & NOTE_OTHERS);
    if (bits & NOTE_END && before_end)
        end_noted();
}

/* The note that is bound to the thread: this one, if there is none yet, or with 0 one that is made. */
static int64_t note_bind(uint64_t wanted)
{
    int64_t note = bound ? (int64_t)bound : (int64_t)wanted, error = 0;

    if (bound && wanted && wanted != bound)
        return -EBUSY;
    if (!note)
        note = user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);
    if (note > 0 && !bound)
        error = user_call(MICRO_NOTE_BIND, (uint64_t)note, 0, 0, 0, 0, 0);
    if (note <= 0 || error)
        return error ? error : note;
    bound = (uint64_t)note;
    return note;
}

int64_t server_note(uint64_t note, void (*noted)(uint64_t bits))
{
    others = noted;
    return note_bind(note);
}

void server_before_end(void (*last)(void))
{
    int64_t note = note_bind(0), error = note < 0 ? note : user_call(MICRO_LAST, (uint64_t)note, NOTE_END, 0, 0, 0, 0);

    if (error)
        panic("the kernel will not tell of the end: %ld", (long)error);
    before_end = last;
}

int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    int64_t note = interrupt.handler ? -EBUSY : note_bind(0);

    (void)irq; /* it has one only */
    if (note < 0)
        return (int)note;
    interrupt.handler = handler;
    interrupt.arg = arg;
    return (int)user_call(MICRO_IRQ_BIND, HANDLE_IRQ, (uint64_t)note, NOTE_INTERRUPT, 0, 0, 0);
}

/* Needed by part sched, whose one thread here is the server's. */
void env_idle(void)
{
    int64_t bits;

    if (!interrupt.handler)
        panic("a server without interrupts waits for one");
    bits = user_call(MICRO_NOTE_WAIT, bound, SCHED_FOREVER, 0, 0, 0, 0);
    if (bits > 0)
        server_noted((uint64_t)bits);
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

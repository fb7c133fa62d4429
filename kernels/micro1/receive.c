/* SPDX-License-Identifier: MIT */
/*
 * receive.c: where the server waits: as the idling of part sched.  The kernel knows one open message, the one received
 * last; what is not answered before the next wait is put aside under a handle.
 *
 * Interrupts are bits of the note that is bound to the thread; so is time, of which a thread of its own tells, for a
 * wait with a deadline would not be the kernel's fast path.
 */
#include "base/errno.h"
#include "base/panic.h"
#include "env.h"
#include "machine/bus.h"
#include "machine/serial.h"
#include "micro1/system.h"

#define LINE_SERIAL DOMAIN_GIVEN_MAX /* after those of virtio devices */
#define LINES (LINE_SERIAL + 1)
#define NOTE_LINE(i) (1u << (i))
#define NOTE_ALARM (1u << LINES)

/* The one received last, while it is open, and what it is to be told with the next wait. */
static struct native *last;
static bool replies;
static struct message answer;

static uint64_t note;
static struct {
    void (*handler)(void *arg);
    void *arg;
    uint64_t handle;
} lines[LINES];

void receive_reply(struct native *native, uint64_t tag, uint64_t a, uint64_t b)
{
    struct message m = {.tag = tag, .word = {a, b}};

    if (native == last) {
        answer = m;
        replies = true;
    } else if (native->reply) {
        message_exchange(MICRO_REPLY, native->reply, &m);
        native->reply = 0;
    }
}

void receive_forget(struct native *native)
{
    if (native == last) {
        if (replies)
            message_exchange(MICRO_REPLY, 0, &answer);
        last = NULL;
        replies = false;
    }
    if (native->reply)
        user_call(MICRO_HANDLE_CLOSE, native->reply, 0, 0, 0, 0, 0);
    native->reply = 0;
    native->asked = false;
}

static void last_keep(void)
{
    int64_t reply = user_call(MICRO_REPLY_KEEP, 0, 0, 0, 0, 0, 0);

    last->reply = reply > 0 ? (uint64_t)reply : 0;
}

/* The next message; what has to be done about the last one is. */
static void receive(struct message *m)
{
    uint64_t number = MICRO_WAIT;

    if (last && !replies)
        last_keep();
    if (replies) {
        *m = answer;
        number = MICRO_REPLY_WAIT;
    }
    last = NULL;
    replies = false;
    message_exchange(number, HANDLE_SELF, m);
}

static void note_handle(uint64_t bits)
{
    for (unsigned i = 0; i < LINES; i++)
        if (bits & NOTE_LINE(i) && lines[i].handler) {
            lines[i].handler(lines[i].arg);
            user_call(MICRO_IRQ_ACK, lines[i].handle, 0, 0, 0, 0, 0);
        }
    if (bits & NOTE_ALARM)
        sched_tick(env_now_ns());
}

void env_idle(void)
{
    struct message m = {0};
    struct native *n;

    receive(&m);
    if (m.tag & MICRO_TAG_NOTE) {
        note_handle(m.from);
        return;
    }
    n = (int64_t)m.from > 0 ? native_find(m.from) : NULL;
    if (!n)
        return;
    last = n;
    n->message = m;
    n->asked = true;
    n->switched = n != native_of(sched_current());
    sched_wake(&n->waiters, 1);
}

void env_timer_set(uint64_t deadline_ns)
{
    user_call(MICRO_ALARM, deadline_ns, 0, 0, 0, 0, 0);
}

/* The thread that tells of time. */
static void alarm_run(void)
{
    for (;;) {
        user_call(MICRO_SLEEP, SCHED_FOREVER, 0, 0, 0, 0, 0);
        if (__atomic_exchange_n(&user_info.pending, 0, __ATOMIC_RELAXED) & EVENT_ALARM)
            user_call(MICRO_NOTE_SIGNAL, note, NOTE_ALARM, 0, 0, 0, 0);
    }
}

void receive_init(void)
{
    static char stack[DOMAIN_STACK_BYTES] __attribute__((aligned(16)));
    int64_t error = user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);

    note = (uint64_t)error;
    if (error > 0)
        error = user_call(MICRO_NOTE_BIND, note, 0, 0, 0, 0, 0);
    if (!error)
        error = user_call(MICRO_THREAD_MAKE, HANDLE_SPACE, (uint64_t)alarm_run, (uint64_t)stack + sizeof stack - 8, 1,
                          0, 0);
    if (error < 0)
        panic("the kernel gives no note and no thread: %ld", (long)error);
}

/* Which of the virtio devices has the line, LINE_SERIAL if none: on PCI their messages are numbered in the order in
   which the composition has them. */
static unsigned line_of(uint32_t irq)
{
    unsigned i = irq >= IRQ_MSI_BASE ? irq - IRQ_MSI_BASE : 0;

    while (irq < IRQ_MSI_BASE && i < LINE_SERIAL && user_info.device_irq[i] != irq)
        i++;
    return i;
}

int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    unsigned i = line_of(irq);

    if (i >= LINES || lines[i].handler)
        return -EBUSY;
    lines[i].handle = i == LINE_SERIAL ? HANDLE_IRQ_SECOND : user_info.device_handle[i];
    lines[i].handler = handler;
    lines[i].arg = arg;
    return (int)user_call(MICRO_IRQ_BIND, lines[i].handle, note, NOTE_LINE(i), 0, 0, 0);
}

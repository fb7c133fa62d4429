/* SPDX-License-Identifier: MIT */
/*
 * note.c: notifications.  Bits gather until somebody takes them; that is one message.  A note is the process's that
 * made it, until a thread binds it: then it lives as long as that one's process, whoever made it.
 */
#include "micro/note.h"
#include "base/errno.h"
#include "micro/end.h"
#include "micro/ipc.h"

uint64_t note_take(struct note *n)
{
    uint64_t bits = n->bits;

    n->bits = 0;
    if (n->bound)
        n->bound->attention = 0;
    return bits;
}

static void bound_tell(struct note *n)
{
    struct tcb *t = n->bound;

    if (t->state != TCB_RECEIVES) {
        t->attention = 1;
        return;
    }
    tcb_detach(t);
    ipc_note_put(t, note_take(n));
    tcb_wake(t);
}

void note_signal(struct note *n, uint64_t bits)
{
    struct tcb *t;

    n->bits |= bits;
    if (!n->bits)
        return;
    if (!list_empty(&n->waiters)) {
        t = LIST_ENTRY(n->waiters.next, struct tcb, queue);
        list_remove(&t->queue);
        t->state = TCB_RUNS;
        t->bits = note_take(n);
        ipc_message_count();
        tcb_wake(t);
    } else if (n->bound) {
        bound_tell(n);
    }
}

void note_release(struct note *n)
{
    while (!list_empty(&n->waiters)) {
        struct tcb *t = LIST_ENTRY(n->waiters.next, struct tcb, queue);
        tcb_detach(t);
        t->bits = (uint64_t)-EBADF;
        tcb_wake(t);
    }
}

void note_unbind(struct tcb *t)
{
    struct note *n = t->bound;

    if (!n)
        return;
    t->bound = NULL;
    n->bound = NULL;
    end_note_unbound(n);
    object_put(&n->object);
}

int64_t note_call_make(void)
{
    struct process *p = tcb_running->process;
    struct note *n = object_make(OBJECT_NOTE, sizeof *n, p);

    if (!n)
        return -ENOMEM;
    list_init(&n->waiters);
    return handle_add(p, OBJECT_NOTE, HANDLE_RECEIVE, n, 0);
}

int64_t note_call_signal(uint64_t note, uint64_t bits)
{
    struct note *n = handle_object(note, OBJECT_NOTE);

    if (!n)
        return -EBADF;
    note_signal(n, bits);
    return 0;
}

/* Why a note cannot be waited for. */
static __attribute__((noinline)) int64_t wait_refuse(uint64_t note)
{
    return handle_object(note, OBJECT_NOTE) ? -EPERM : -EBADF;
}

int64_t note_call_wait(uint64_t note, uint64_t deadline_ns)
{
    struct tcb *self = tcb_running;
    struct handle *h = handle_find_with(note, OBJECT_NOTE, HANDLE_RECEIVE);
    struct note *n;
    int error;

    if (!h)
        return wait_refuse(note);
    n = h->object;
    if (n->bits) {
        ipc_message_count();
        return (int64_t)note_take(n);
    }
    list_add(&n->waiters, &self->queue);
    error = tcb_wait(self, TCB_NOTE, deadline_ns, NULL);
    return error ? error : (int64_t)self->bits;
}

int64_t note_call_bind(uint64_t note)
{
    struct tcb *self = tcb_running;
    struct handle *h = handle_find_with(note, OBJECT_NOTE, HANDLE_RECEIVE);
    struct note *n;

    if (!h)
        return wait_refuse(note);
    n = h->object;
    if (n->bound || self->bound)
        return -EBUSY;
    object_get(&n->object);
    n->object.owner = self->process;
    n->bound = self;
    self->bound = n;
    self->attention = n->bits != 0;
    return 0;
}

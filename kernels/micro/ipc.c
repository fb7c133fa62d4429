/* SPDX-License-Identifier: MIT */
/*
 * ipc.c: the slow path: everything that can happen to a message.  ipc_fast.S falls through to here whenever anything is
 * unusual, before it has changed anything.
 *
 * A call is two messages.  The caller stands in the queue of the endpoint's senders (TCB_SENDS) until somebody
 * receives, then waits for the reply (TCB_REPLY), to which exactly one place holds the right: the receiver (caller) or
 * a handle of its process (kept).
 */
#include "micro/ipc.h"
#include "base/errno.h"
#include "micro/endpoint.h"
#include "micro/note.h"
#include "micro/process.h"

#define TAG_MASK 0x3fffff /* what a message's sender may say */
#define WORDS_MAX (MESSAGE_WORDS_MAX - MESSAGE_REGISTERS)

static uint32_t tag_clean(uint64_t tag)
{
    uint32_t clean = tag & TAG_MASK;

    return MICRO_TAG_WORDS(clean) <= WORDS_MAX ? clean : MICRO_TAG(MICRO_TAG_OP(clean), WORDS_MAX);
}

/* Hands over what from has sent, told as first; to is not in any queue. */
static void message_put(struct tcb *to, const struct tcb *from, uint64_t first, uint32_t tag)
{
    const struct registers *in = from->regs;

    *to->regs =
        (struct registers){.rdi = first, .rdx = tag, .r10 = in->r10, .r8 = in->r8, .r9 = in->r9, .rax = in->rax};
    for (unsigned i = 0; i < MICRO_TAG_WORDS(tag); i++)
        to->message->words[i] = from->message->words[i];
    ipc_message_count();
}

void ipc_refuse(struct tcb *t, int error)
{
    *t->regs = (struct registers){.rdi = (uint64_t)error};
    t->state = TCB_RUNS;
    tcb_wake(t);
}

void ipc_forget(struct tcb *caller)
{
    if (!caller)
        return;
    tcb_detach(caller);
    ipc_refuse(caller, -EINTR);
}

void ipc_note_put(struct tcb *t, uint64_t bits)
{
    *t->regs = (struct registers){.rdi = bits, .rdx = MICRO_TAG_NOTE};
    ipc_message_count();
}

/* The caller's message comes to the callee, which then holds the right to reply. */
static void call_put(struct tcb *callee, struct tcb *caller)
{
    caller->holder = callee;
    caller->kept = NULL;
    callee->caller = caller;
    message_put(callee, caller, caller->badge, caller->tag);
}

/* Sends and waits for the reply: 0, or why there is none. */
static int call_wait(struct tcb *self, struct endpoint *e, uint64_t deadline_ns)
{
    struct tcb *receiver = endpoint_receiver_take(e);

    if (!receiver) {
        endpoint_sender_add(e, self);
        return tcb_wait(self, TCB_SENDS, deadline_ns, NULL);
    }
    call_put(receiver, self);
    receiver->state = TCB_RUNS;
    return tcb_wait(self, self->reply_state, deadline_ns, receiver);
}

static int ipc_call(struct tcb *self, uint64_t handle, uint64_t deadline_ns)
{
    struct handle *h = handle == 0 ? &self->pager : handle < HANDLES_MAX ? &self->handles[handle] : NULL;
    struct endpoint *e;

    if (h && h->kind == OBJECT_DEAD)
        return -EINTR;
    if (!h || h->kind != OBJECT_ENDPOINT)
        return -EBADF;
    e = h->object;
    if (e->object.dead)
        return -EINTR;
    self->tag = tag_clean(self->regs->rdx);
    self->badge = h->badge;
    if (e->serve) {
        e->serve(self);
        return 0;
    }
    self->reply_state = deadline_ns == SCHED_FOREVER ? TCB_REPLY : TCB_REPLY_SLOW;
    return call_wait(self, e, deadline_ns);
}

int ipc_send_fault(struct tcb *self, struct registers *message)
{
    struct endpoint *pager = self->pager.object;
    struct registers *frame = self->regs;
    int error;

    if (pager->object.dead || pager->serve)
        return -EINTR;
    self->regs = message;
    self->tag = (uint32_t)message->rdx;
    self->badge = self->pager.badge;
    self->reply_state = TCB_FAULT;
    error = call_wait(self, pager, SCHED_FOREVER);
    self->regs = frame;
    return error ? error : (int)(int64_t)message->rdi;
}

/* Receives what is there already; false: nothing. */
static bool receive_now(struct tcb *self, struct endpoint *e)
{
    struct tcb *sender;

    if (self->attention) {
        ipc_note_put(self, note_take(self->bound));
        return true;
    }
    sender = e ? endpoint_sender_take(e) : NULL;
    if (!sender)
        return false;
    sender->state = sender->reply_state;
    call_put(self, sender);
    return true;
}

/* 1: something was received; 0: nothing yet, and self is in the endpoint's queue. */
static int wait_begin(struct tcb *self, uint64_t handle, bool timed)
{
    struct handle *h = handle_find(handle, OBJECT_ENDPOINT);
    struct endpoint *e = h ? h->object : NULL;

    if (!h && (handle || !self->bound))
        return -EBADF;
    if (h && !(h->rights & HANDLE_RECEIVE))
        return -EPERM;
    ipc_forget(self->caller);
    if (receive_now(self, e))
        return 1;
    self->at = e;
    if (e)
        endpoint_receiver_add(e, self, timed);
    return 0;
}

/* next: was replied to just now and is not awake yet; or NULL. */
static int ipc_wait(struct tcb *self, uint64_t handle, uint64_t deadline_ns, struct tcb *next)
{
    int begun = wait_begin(self, handle, deadline_ns != SCHED_FOREVER);

    if (begun == 0)
        return tcb_wait(self, TCB_RECEIVES, deadline_ns, next);
    if (next)
        tcb_wake(next);
    return begun < 0 ? begun : 0;
}

struct tcb *ipc_caller(struct tcb *self, uint64_t reply)
{
    return reply ? handle_object(reply, OBJECT_REPLY) : self->caller;
}

/* The caller, which waits for this, is then to be woken. */
static void reply_put(struct tcb *self, struct tcb *caller)
{
    if (caller->holder)
        self->caller = NULL;
    else
        handle_free(caller->kept);
    caller->state = TCB_RUNS;
    message_put(caller, self, 0, tag_clean(self->regs->rdx));
}

/* A reply handle is used up, also where nobody waits any more. */
static int ipc_reply(struct tcb *self, uint64_t reply)
{
    struct tcb *caller = ipc_caller(self, reply);
    struct handle *dead = handle_find(reply, OBJECT_DEAD);

    if (caller) {
        reply_put(self, caller);
        tcb_wake(caller);
        return 0;
    }
    if (dead)
        handle_close(dead);
    return reply && !dead ? -EBADF : -ENOENT;
}

static int ipc_reply_wait(struct tcb *self, uint64_t handle)
{
    struct tcb *caller = self->caller;

    if (caller)
        reply_put(self, caller);
    return ipc_wait(self, handle, SCHED_FOREVER, caller);
}

int64_t ipc_call_keep(void)
{
    struct tcb *self = tcb_running, *caller = self->caller;
    int64_t n;

    if (!caller)
        return -ENOENT;
    n = handle_add(self->process, OBJECT_REPLY, 0, caller, 0);
    if (n >= 0) {
        caller->holder = self->caller = NULL;
        caller->kept = &self->handles[n];
    }
    return n;
}

void ipc_message(struct tcb *self, uint64_t number)
{
    uint64_t handle = self->regs->rsi;
    int error = 0;

    switch (number) {
    case MICRO_CALL:
        error = ipc_call(self, handle, SCHED_FOREVER);
        break;
    case MICRO_CALL_UNTIL:
        error = ipc_call(self, handle, self->message->deadline_ns);
        break;
    case MICRO_REPLY_WAIT:
        error = ipc_reply_wait(self, handle);
        break;
    case MICRO_WAIT:
        error = ipc_wait(self, handle, SCHED_FOREVER, NULL);
        break;
    case MICRO_WAIT_UNTIL:
        error = ipc_wait(self, handle, self->message->deadline_ns, NULL);
        break;
    case MICRO_REPLY:
        *self->regs = (struct registers){.rdi = (uint64_t)ipc_reply(self, handle)};
        break;
    }
    if (error)
        *self->regs = (struct registers){.rdi = (uint64_t)error};
}

/* SPDX-License-Identifier: MIT */
/* endpoint.c: the queues of endpoints. */
#include "micro/endpoint.h"
#include "base/errno.h"
#include "micro/handle.h"
#include "micro/ipc.h"

struct endpoint *endpoint_make(struct process *owner)
{
    struct endpoint *e = object_make(OBJECT_ENDPOINT, sizeof *e, owner);

    if (e) {
        list_init(&e->receivers);
        list_init(&e->senders);
    }
    return e;
}

struct endpoint *endpoint_make_service(void (*serve)(struct tcb *caller))
{
    struct endpoint *e = endpoint_make(NULL);

    if (e) {
        e->serve = serve;
        e->receiver = ENDPOINT_BUSY;
    }
    return e;
}

struct tcb *endpoint_receiver_take(struct endpoint *e)
{
    struct tcb *t = e->receiver;

    if (t && t != ENDPOINT_BUSY) {
        e->receiver = NULL;
        return t;
    }
    if (list_empty(&e->receivers))
        return NULL;
    t = LIST_ENTRY(e->receivers.next, struct tcb, queue);
    list_remove(&t->queue);
    return t;
}

/* Without senders an endpoint that is not dead is idle. */
static void sender_remove(struct endpoint *e, struct tcb *t)
{
    list_remove(&t->queue);
    if (list_empty(&e->senders) && !e->object.dead)
        e->receiver = NULL;
}

struct tcb *endpoint_sender_take(struct endpoint *e)
{
    struct tcb *t;

    if (list_empty(&e->senders))
        return NULL;
    t = LIST_ENTRY(e->senders.next, struct tcb, queue);
    sender_remove(e, t);
    return t;
}

void endpoint_receiver_add(struct endpoint *e, struct tcb *t, bool timed)
{
    t->at = e;
    if (!timed && !e->receiver)
        e->receiver = t;
    else
        list_add(&e->receivers, &t->queue);
}

void endpoint_sender_add(struct endpoint *e, struct tcb *t)
{
    t->at = e;
    e->receiver = ENDPOINT_BUSY;
    list_add(&e->senders, &t->queue);
}

void endpoint_leave(struct endpoint *e, struct tcb *t)
{
    if (t->state == TCB_SENDS)
        sender_remove(e, t);
    else if (e->receiver == t)
        e->receiver = NULL;
    else
        list_remove(&t->queue);
}

void endpoint_end(struct endpoint *e)
{
    struct tcb *t;

    e->object.dead = true;
    while ((t = endpoint_sender_take(e)) || (t = endpoint_receiver_take(e)))
        ipc_refuse(t, -EINTR);
    e->receiver = ENDPOINT_BUSY;
}

int64_t endpoint_call_make(void)
{
    struct endpoint *e = endpoint_make(tcb_running->process);

    return e ? handle_add(tcb_running->process, OBJECT_ENDPOINT, HANDLE_RECEIVE, e, 0) : -ENOMEM;
}

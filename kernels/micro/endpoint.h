/* SPDX-License-Identifier: MIT */
/* endpoint.h: where callers meet receivers, and notes. */
#ifndef TOLL_MICRO_ENDPOINT_H
#define TOLL_MICRO_ENDPOINT_H

#include "base/list.h"
#include "micro/object.h"
#include "micro/tcb.h"

/* receiver of an endpoint at which nobody can be met at once: senders wait, or it is dead. */
#define ENDPOINT_BUSY ((struct tcb *)1)

struct endpoint {
    struct object object;
    struct tcb *receiver;  /* 16: waits here without a deadline: for ipc_fast.S; or NULL, or ENDPOINT_BUSY */
    struct list receivers; /* further ones */
    struct list senders;
    void (*serve)(struct tcb *caller); /* of a service of the kernel's; else NULL */
};

struct endpoint *endpoint_make(struct process *owner);

/* One at which nobody receives: serve makes the reply of the call, in the caller's own thread and registers.  It may
   sleep, and is not ended by what ends the caller.  NULL without memory. */
struct endpoint *endpoint_make_service(void (*serve)(struct tcb *caller));

/* One that waits there is taken out of the queue; NULL if none. */
struct tcb *endpoint_receiver_take(struct endpoint *e);
struct tcb *endpoint_sender_take(struct endpoint *e);
void endpoint_receiver_add(struct endpoint *e, struct tcb *t, bool timed);
void endpoint_sender_add(struct endpoint *e, struct tcb *t);

/* t, which waits there, leaves. */
void endpoint_leave(struct endpoint *e, struct tcb *t);

/* Nobody will receive here any more: who waits is answered with -EINTR. */
void endpoint_end(struct endpoint *e);

int64_t endpoint_call_make(void);

#endif

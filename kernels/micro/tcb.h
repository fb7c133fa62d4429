/* SPDX-License-Identifier: MIT */
/*
 * tcb.h: a thread of ring 3.  It is a thread of sched.h with what messages need; its kernel stack begins with a struct
 * call_frame while it is in a call.
 *
 * A thread that waits does so in one of two ways.  On the slow path it waits in sched_wait, on C frames.  On the fast
 * path (ipc_fast.S) it has none: its saved stack pointer leads to call_resume, which loads its frame.  In both cases
 * whoever answers it fills its registers and calls tcb_wake, or, on the fast path, goes to its frame at once; C frames
 * are then abandoned.  So no C function may hold anything across a wait for a message.
 */
#ifndef TOLL_MICRO_TCB_H
#define TOLL_MICRO_TCB_H

#include "machine/domain.h"
#include "micro/handle.h"
#include "micro/object.h"
#include "sched.h"

enum tcb_state {
    TCB_RUNS,       /* is the running one, or ready */
    TCB_SENDS,      /* in the queue of an endpoint's senders */
    TCB_RECEIVES,   /* waits at an endpoint, or for its bound note only */
    TCB_REPLY,      /* was received and waits for the reply */
    TCB_REPLY_SLOW, /* the same with a deadline */
    TCB_FAULT,      /* the same in an exception, for which the kernel has called the pager */
    TCB_NOTE,       /* waits for a note */
    TCB_SLEEP,      /* waits for an event */
};

/* The registers of a message, and of any call. */
struct registers {
    uint64_t rdi, rsi, rdx, r10, r8, r9, rax;
};

/* The top of the kernel stack in a call (call.S). */
struct call_frame {
    struct registers r;
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t rip, flags, rsp;
};

struct endpoint;
struct note;
struct micro_space;

struct tcb {
    struct object object;
    /* Offsets up to the line are known to call.S and ipc_fast.S. */
    struct thread *thread; /* 16; NULL: it has ended */
    struct handle *handles;
    struct table *table;
    struct domain_message *message; /* 40: where its words in memory are */
    struct tcb *caller;             /* 48: who was received last and waits for the reply */
    struct tcb *holder;             /* 56: whose caller it is while it waits for a reply; NULL: kept holds it */
    struct endpoint *at;            /* 64: where it sends or receives; NULL: only for its note */
    uint32_t state;                 /* 72 */
    uint32_t tag;                   /* 76: of the call that it waits in */
    uint32_t attention;             /* 80: its bound note has bits */
    uint16_t io_map;                /* 84: which ports are open to it */
    struct handle pager;            /* 88: gets its faults, and calls of handle 0; OBJECT_NONE: nobody does */
    struct registers *regs;         /* 112: where what comes is put: in its frame, in a fault elsewhere */
    struct domain_info *info;       /* 120: its process's */
    /* -------- */
    struct process *process;
    struct micro_space *space;
    enum tcb_state reply_state; /* how it will wait for the reply to what it sends */
    struct handle *kept;        /* the handle that holds the right to reply to it */
    struct list queue;          /* among an endpoint's senders or receivers, or those that wait for a note */
    struct list link;           /* among its process's threads */
    uint64_t badge;             /* with which it sends */
    uint64_t bits;              /* of the note that it waited for */
    struct note *bound;
    uint64_t entry_rip, entry_rsp;
};

/* The running one; NULL: the kernel's own thread. */
extern struct tcb *tcb_running;

/* Its process's handle number n if it is of that kind, else NULL; and what that names. */
static inline struct handle *handle_find(uint64_t n, enum object_kind kind)
{
    struct handle *h = &tcb_running->handles[n];

    return n < HANDLES_MAX && h->kind == kind ? h : NULL;
}
/* The same with just these rights. */
static inline struct handle *handle_find_with(uint64_t n, enum object_kind kind, uint16_t rights)
{
    struct handle *h = &tcb_running->handles[n];

    return n < HANDLES_MAX && h->kind == kind && h->rights == rights ? h : NULL;
}
static inline void *handle_object(uint64_t n, enum object_kind kind)
{
    struct handle *h = handle_find(n, kind);

    return h ? h->object : NULL;
}

static inline struct call_frame *tcb_frame(const struct tcb *t)
{
    return (struct call_frame *)t->thread->stack_top - 1;
}

/* Makes a thread that waits, and whose state is TCB_RUNS already, go on. */
void tcb_wake(struct tcb *t);

/* Waits, as state says and the caller has arranged.  next, if not NULL, is to be woken, and runs at once if that can
   be. 0: somebody has answered; else -ETIMEDOUT or -EINTR, and it is out of whatever it waited in. */
int tcb_wait(struct tcb *self, enum tcb_state state, uint64_t deadline_ns, struct tcb *next);

/* Takes a thread out of whatever it waits in, without an answer. */
void tcb_detach(struct tcb *t);

/* A thread of space's process that will start in it, with a pager or NULL; with one reference for the caller and one of
   its own.  NULL without memory. */
struct tcb *tcb_make(struct micro_space *space, uint64_t rip, uint64_t rsp, unsigned slot, const struct handle *pager);

/* Ends a thread as soon as it is out of the kernel; the running one must then go to call_leave. */
void tcb_kill(struct tcb *t);

/* The running thread goes on in that space; takes over a reference. */
void tcb_space_set(struct tcb *self, struct micro_space *space);

/* Before any return to ring 3: another thread's turn, or this one's end. */
void tcb_leave(void);

int64_t tcb_call_make(uint64_t space, uint64_t rip, uint64_t rsp, uint64_t slot, uint64_t pager);
int64_t tcb_call_start(uint64_t thread, uint64_t rip, uint64_t rsp);
int64_t tcb_call_end(uint64_t thread);
int64_t tcb_call_yield(void);
int64_t tcb_call_tls(uint64_t base);

#endif

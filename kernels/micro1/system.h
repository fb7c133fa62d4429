/* SPDX-License-Identifier: MIT */
/*
 * system.h: one server that is a whole system: every part, each task of part posix a fiber of part sched here, and a
 * thread of the kernel (a *native* thread) in a space that this server makes and whose pages it owns.
 *
 * A native thread's system calls and page faults are messages to its pager, this server: the badge says whose.  The
 * message wakes the task's fiber, which does what is asked and replies.  Where no fiber is ready the server waits for
 * the next message (receive.c).
 */
#ifndef TOLL_MICRO1_SYSTEM_H
#define TOLL_MICRO1_SYSTEM_H

#include "micro/client/message.h"
#include "sched.h"

#define NATIVES_MAX 64 /* as many threads as the kernel gives a process */

/* Of the reply to a system call: besides its result, a new FS base. */
#define REPLY_RESULT 0
#define REPLY_TLS 1

struct native {
    bool used;
    uint64_t badge;
    uint64_t endpoint; /* handle: this server's, with the badge */
    uint64_t thread;   /* handle; 0: there is none yet */
    uint64_t reply;    /* handle, if its message was put aside; 0: its message came last, or none is open */
    bool asked;        /* message holds a request */
    bool switched;     /* whose coming made another fiber run */
    struct message message;
    struct waitq waiters; /* its fiber, until it asks */
    bool tls_set;         /* the running call has changed it */
};

static inline struct native *native_of(const struct thread *t)
{
    return t->fpu; /* a field of the home's; nothing here has floating-point state */
}

/* native.c: what asks by this badge, or NULL. */
struct native *native_find(uint64_t badge);

/* receive.c: before the first wait and the first interrupt. */
void receive_init(void);

/* Replies to native's open message, at once or together with the next wait. */
void receive_reply(struct native *native, uint64_t tag, uint64_t a, uint64_t b);

/* native, whose message may be open, is about to go. */
void receive_forget(struct native *native);

/* serve.c: does what native's thread asks, for ever, in the running fiber. */
_Noreturn void serve(uint64_t native, uint64_t unused);

/* Where native threads begin and what their programs call, in the application's domain (program.S). */
#define PROGRAM_CALL (DOMAIN_BASE(DOMAIN_LIBRARY) + DOMAIN_IMAGE)
#define PROGRAM_START (PROGRAM_CALL + 64)

#endif

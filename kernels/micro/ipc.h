/* SPDX-License-Identifier: MIT */
/* ipc.h: messages, the complete way (ipc_fast.S has the short one). */
#ifndef TOLL_MICRO_IPC_H
#define TOLL_MICRO_IPC_H

#include "micro/tcb.h"

/* The calls of micro.h's first shape, as the running thread's frame says. */
void ipc_message(struct tcb *self, uint64_t number);

/* A message from the kernel in self's name, which waits for the reply: how the registers it is given come back. */
int ipc_send_fault(struct tcb *self, struct registers *message);

/* Ends the wait of a thread, which is in no queue any more, with an error. */
void ipc_refuse(struct tcb *t, int error);

/* Nobody will reply to caller (NULL: nothing to do) any more. */
void ipc_forget(struct tcb *caller);

/* Tells a thread that receives of its bound note's bits. */
void ipc_note_put(struct tcb *t, uint64_t bits);

/* Who is meant by a reply handle, or by 0: the caller received last; NULL if nobody waits. */
struct tcb *ipc_caller(struct tcb *self, uint64_t reply);

/* Counts a message that is delivered.  The counting plugin counts its executions. */
void ipc_message_count(void);

int64_t ipc_call_keep(void);

#endif

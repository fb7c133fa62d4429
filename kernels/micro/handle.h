/* SPDX-License-Identifier: MIT */
/* handle.h: a process's table of what it may name.  Finding one in the running thread's: tcb.h. */
#ifndef TOLL_MICRO_HANDLE_H
#define TOLL_MICRO_HANDLE_H

#include "micro/micro.h"
#include "micro/object.h"

/* To receive at an endpoint, or to wait for a note; every handle of one may be called through, or signal. */
#define HANDLE_RECEIVE 1
/* Of a process; every handle of one may tell it of events. */
#define HANDLE_GIVES 2 /* handles may be given to it */
#define HANDLE_SPACES                                                                                                  \
    4 /* spaces of it may be made, and so threads that run there: who has this can do all that it can */

/* ipc_fast.S knows it. */
struct handle {
    uint16_t kind; /* OBJECT_NONE: free */
    uint16_t rights;
    void *object;
    uint64_t badge;
};

/* Handles in use in all processes, without dead ones. */
extern uint64_t handle_count;

/* A new handle for p that takes over a reference of the object: its number; -EMFILE: the reference is dropped. */
int64_t handle_add(struct process *p, enum object_kind kind, uint16_t rights, void *object, uint64_t badge);

/* The same in a slot that is free. */
void handle_set(struct process *p, unsigned n, uint16_t rights, struct object *object, uint64_t badge);

/* What the handle names is gone, or the handle itself is used up; neither drops a reference. */
void handle_die(struct handle *h);
void handle_free(struct handle *h);

/* Empties the slot, whatever it holds. */
void handle_close(struct handle *h);

/* Makes every handle, wherever it is, to p and to what p owns a dead one. */
void handle_sweep(struct process *p);

int64_t handle_call_give(uint64_t process, uint64_t handle, uint64_t badge);
int64_t handle_call_close(uint64_t handle);

#endif

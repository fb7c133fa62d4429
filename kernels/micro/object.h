/* SPDX-License-Identifier: MIT */
/*
 * object.h: what handles name, and how long it lives.
 *
 * An object counts its references: handles that name it, and what the kernel itself keeps of it (a thread its space, a
 * line its note).  With the last one it goes.  It also has an owner, the process that made it (note.c: or uses it):
 * when that ends, every handle to the object, in whatever process, becomes a dead one (handle_sweep), so nothing of a
 * process outlives it but what the kernel still points to, and that is marked dead.  Nothing here is reached by a
 * number that could be used again, so there are no generations to check.
 */
#ifndef TOLL_MICRO_OBJECT_H
#define TOLL_MICRO_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

struct process;

enum object_kind {
    OBJECT_NONE,
    OBJECT_ENDPOINT, /* known to ipc_fast.S */
    OBJECT_NOTE,
    OBJECT_PROCESS,
    OBJECT_SPACE,
    OBJECT_THREAD,
    OBJECT_IRQ,
    OBJECT_MACHINE,
    OBJECT_REPLY, /* of handles only: the right to reply to a thread, which it does not keep alive */
    OBJECT_DEAD,  /* of handles only: what it named is gone */
};

struct object {
    uint16_t kind;
    bool dead; /* still referred to, but of no use any more */
    uint32_t refs;
    struct process *owner;
};

/* How many there are now, for the test that nothing is left behind. */
extern uint64_t object_count;

/* A cleared object of that size with one reference; NULL without memory. */
void *object_make(enum object_kind kind, uint64_t bytes, struct process *owner);

static inline void object_get(struct object *o)
{
    o->refs++;
}
void object_put(struct object *o);

#endif

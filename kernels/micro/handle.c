/* SPDX-License-Identifier: MIT */
/* handle.c: tables of handles: finding, adding, giving and closing. */
#include "micro/handle.h"
#include "base/errno.h"
#include "micro/endpoint.h"
#include "micro/ipc.h"
#include "micro/process.h"
#include "micro/tcb.h"

uint64_t handle_count;

static void handle_fill(struct handle *h, enum object_kind kind, uint16_t rights, void *object, uint64_t badge)
{
    *h = (struct handle){.kind = (uint16_t)kind, .rights = rights, .object = object, .badge = badge};
    handle_count++;
}

int64_t handle_add(struct process *p, enum object_kind kind, uint16_t rights, void *object, uint64_t badge)
{
    for (unsigned n = HANDLE_FIRST_FREE; n < HANDLES_MAX && !p->object.dead; n++)
        if (p->handles[n].kind == OBJECT_NONE) {
            handle_fill(&p->handles[n], kind, rights, object, badge);
            return n;
        }
    if (kind != OBJECT_REPLY)
        object_put(object);
    return -EMFILE;
}

void handle_set(struct process *p, unsigned n, uint16_t rights, struct object *object, uint64_t badge)
{
    handle_fill(&p->handles[n], object->kind, rights, object, badge);
}

void handle_die(struct handle *h)
{
    h->kind = OBJECT_DEAD;
    handle_count--;
}

void handle_free(struct handle *h)
{
    h->kind = OBJECT_NONE;
    handle_count--;
}

/* What a slot stood for that does not any more. */
static void handle_drop(const struct handle *h)
{
    if (h->kind == OBJECT_REPLY) {
        ipc_refuse(h->object, -EINTR);
        return;
    }
    if (h->kind == OBJECT_ENDPOINT && h->rights & HANDLE_RECEIVE)
        endpoint_end(h->object);
    object_put(h->object);
}

void handle_close(struct handle *h)
{
    struct handle old = *h;

    if (old.kind == OBJECT_NONE || old.kind == OBJECT_DEAD) {
        h->kind = OBJECT_NONE;
        return;
    }
    handle_free(h);
    handle_drop(&old);
}

static bool is_of(const struct handle *h, const struct process *p)
{
    const struct object *o = h->object;

    if (h->kind == OBJECT_NONE || h->kind == OBJECT_DEAD || h->kind == OBJECT_REPLY)
        return false;
    return o == &p->object || o->owner == p;
}

void handle_sweep(struct process *p)
{
    for (unsigned d = 0; d < PROCESSES_MAX; d++)
        for (unsigned n = 0; processes[d] && n < HANDLES_MAX; n++) {
            struct handle old = processes[d]->handles[n];
            if (!is_of(&old, p))
                continue;
            handle_die(&processes[d]->handles[n]);
            handle_drop(&old);
        }
}

/* A copy of a note's handle may be waited for if this one may, and who gives it says so. */
static __attribute__((noinline)) int64_t note_give(struct process *to, const struct handle *h, uint64_t badge)
{
    return handle_add(to, OBJECT_NOTE, badge == MICRO_NOTE_WAITS ? h->rights : 0, h->object, 0);
}

/* Who may receive at an endpoint decides what its handles' badges are; all others pass on their own. */
int64_t handle_call_give(uint64_t process, uint64_t handle, uint64_t badge)
{
    const struct handle *to = handle_find(process, OBJECT_PROCESS);
    struct handle *h = handle < HANDLES_MAX ? &tcb_running->handles[handle] : NULL;

    if (!to || !h || h->kind == OBJECT_NONE || h->kind == OBJECT_DEAD || h->kind == OBJECT_REPLY)
        return -EBADF;
    if (!(to->rights & HANDLE_GIVES))
        return -EPERM;
    object_get(h->object);
    if (__builtin_expect(h->kind == OBJECT_NOTE, 0))
        return note_give(to->object, h, badge);
    return handle_add(to->object, h->kind, 0, h->object, h->rights & HANDLE_RECEIVE ? badge : h->badge);
}

int64_t handle_call_close(uint64_t handle)
{
    if (handle >= HANDLES_MAX || tcb_running->handles[handle].kind == OBJECT_NONE)
        return -EBADF;
    handle_close(&tcb_running->handles[handle]);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* tcb.c: threads of ring 3 from their making to their end. */
#include "micro/tcb.h"
#include "alloc.h"
#include "base/errno.h"
#include "machine/cpu.h"
#include "machine/layout.h"
#include "machine/paging.h"
#include "micro/call.h"
#include "micro/endpoint.h"
#include "micro/fpu.h"
#include "micro/ipc.h"
#include "micro/note.h"
#include "micro/offsets.h"
#include "micro/process.h"
#include "micro/space.h"

#define THREADS_MAX 64 /* of a process */

struct tcb *tcb_running;

/* It may have been made ready already, by its deadline. */
void tcb_wake(struct tcb *t)
{
    struct waitq q;

    if (t->thread->state == SCHED_READY)
        return;
    sched_waitq_init(&q);
    list_add(&q.threads, &t->thread->link);
    sched_wake(&q, 1);
}

/* What sched.h does for two threads that it does not know of, because the one that goes on waits in none of its queues,
   and the other one will. */
static void hand_over(struct thread *self, struct thread *next)
{
    if (next->deadline_ns != SCHED_FOREVER)
        list_remove(&next->timer_link);
    next->state = SCHED_RUNNING;
    sched_running = next;
    env_thread_switch(self, next);
}

/* Less common; apart, so that its frame is. */
static __attribute__((noinline)) int wait_in_queue(uint64_t deadline_ns)
{
    struct waitq q;

    sched_waitq_init(&q);
    return sched_wait(&q, deadline_ns);
}

int tcb_wait(struct tcb *self, enum tcb_state state, uint64_t deadline_ns, struct tcb *next)
{
    int result = 0;

    self->state = state;
    if (next && deadline_ns == SCHED_FOREVER && next->thread->state != SCHED_READY) {
        hand_over(self->thread, next->thread);
    } else {
        if (next)
            tcb_wake(next);
        result = wait_in_queue(deadline_ns);
    }
    if (self->state == TCB_RUNS)
        return 0;
    tcb_detach(self);
    return result;
}

void tcb_detach(struct tcb *t)
{
    switch (t->state) {
    case TCB_SENDS:
    case TCB_RECEIVES:
        if (t->at)
            endpoint_leave(t->at, t);
        break;
    case TCB_REPLY:
    case TCB_REPLY_SLOW:
    case TCB_FAULT:
        if (t->holder)
            t->holder->caller = NULL;
        else
            handle_die(t->kept);
        break;
    case TCB_NOTE:
        list_remove(&t->queue);
        break;
    }
    t->state = TCB_RUNS;
}

static void tcb_begin(void *arg)
{
    const struct tcb *t = arg;

    call_begin(t->thread->stack_top, t->entry_rip, t->entry_rsp);
}

static bool tcb_prepare(struct tcb *t, struct micro_space *space, unsigned slot)
{
    struct process *p = space->process;

    if (p->thread_count == THREADS_MAX || !process_charge(p, PROCESS_THREAD_PAGES))
        return false;
    t->thread = sched_create(tcb_begin, t);
    if (!t->thread) {
        process_charge(p, -PROCESS_THREAD_PAGES);
        return false;
    }
    t->thread->owner = t;
    t->regs = &tcb_frame(t)->r;
    t->process = p;
    t->handles = p->handles;
    t->info = p->info;
    t->message = &p->info->messages[slot];
    t->io_map = p->io_map;
    t->space = space;
    t->table = space->table;
    object_get(&space->object);
    list_init(&t->queue);
    list_add(&p->threads, &t->link);
    p->thread_count++;
    return true;
}

struct tcb *tcb_make(struct micro_space *space, uint64_t rip, uint64_t rsp, unsigned slot, const struct handle *pager)
{
    struct tcb *t = object_make(OBJECT_THREAD, sizeof *t, space->process);

    if (!t)
        return NULL;
    if (!tcb_prepare(t, space, slot)) {
        object_put(&t->object);
        return NULL;
    }
    t->entry_rip = rip;
    t->entry_rsp = rsp;
    if (pager) {
        t->pager = (struct handle){.kind = OBJECT_ENDPOINT, .object = pager->object, .badge = pager->badge};
        object_get(pager->object);
    }
    object_get(&t->object);
    return t;
}

void tcb_kill(struct tcb *t)
{
    bool waits = t->state != TCB_RUNS;

    t->thread->killed = true;
    if (!waits)
        return;
    tcb_detach(t);
    tcb_wake(t);
}

void tcb_space_set(struct tcb *self, struct micro_space *space)
{
    struct micro_space *old = self->space;

    self->space = space;
    self->table = space->table;
    space_load(space->table);
    object_put(&old->object);
}

/* The running thread's end.  Its process ends with its last thread. */
static _Noreturn void tcb_end(struct tcb *self)
{
    struct process *p = self->process;
    struct micro_space *space = self->space;

    ipc_forget(self->caller);
    note_unbind(self);
    fpu_forget(self->thread);
    if (self->pager.kind)
        object_put(self->pager.object);
    list_remove(&self->link);
    self->thread->owner = NULL;
    self->thread = NULL;
    tcb_running = NULL;
    space_load(&paging_boot_table);
    object_put(&space->object);
    object_put(&self->object);
    process_charge(p, -PROCESS_THREAD_PAGES);
    process_thread_ended(p);
    sched_exit();
}

void tcb_leave(void)
{
    if (sched_yield_wanted)
        sched_yield();
    if (tcb_running->thread->killed)
        tcb_end(tcb_running);
}

int64_t tcb_call_make(uint64_t space, uint64_t rip, uint64_t rsp, uint64_t slot, uint64_t pager)
{
    struct micro_space *s = handle_object(space, OBJECT_SPACE);
    struct handle *h = handle_find(pager, OBJECT_ENDPOINT);
    struct tcb *t;
    int64_t n;

    if (!s || (pager && !h))
        return -EBADF;
    if (rip >= USER_END || rsp >= USER_END || slot >= MESSAGE_THREADS)
        return -EINVAL;
    if (s->process->object.dead)
        return -EBADF;
    t = tcb_make(s, rip, rsp, (unsigned)slot, h);
    if (!t)
        return -ENOMEM;
    n = handle_add(tcb_running->process, OBJECT_THREAD, 0, t, 0);
    if (n < 0) /* its own reference keeps it until it ends */
        tcb_kill(t);
    return n;
}

/* It waits in a call, so it goes on from its frame as after the fast path. */
int64_t tcb_call_start(uint64_t thread, uint64_t rip, uint64_t rsp)
{
    struct tcb *t = handle_object(thread, OBJECT_THREAD);
    struct call_frame *frame;

    if (!t || !t->thread)
        return -EBADF;
    if (rip >= USER_END || rsp >= USER_END)
        return -EINVAL;
    frame = tcb_frame(t);
    if (t->state == TCB_RUNS)
        return -EBUSY;
    tcb_detach(t);
    t->regs = &frame->r;
    *frame = (struct call_frame){.rip = rip, .rsp = rsp, .flags = FLAGS_START};
    t->thread->sp = call_resume_prepare(frame);
    tcb_wake(t);
    return 0;
}

int64_t tcb_call_end(uint64_t thread)
{
    struct tcb *t = thread ? handle_object(thread, OBJECT_THREAD) : tcb_running;

    if (!t || !t->thread)
        return -EBADF;
    tcb_kill(t);
    return 0;
}

int64_t tcb_call_yield(void)
{
    sched_yield();
    return 0;
}

int64_t tcb_call_tls(uint64_t base)
{
    if (base >= USER_END)
        return -EINVAL;
    tcb_running->thread->tls = base;
    cpu_fs_base_set(base);
    return 0;
}

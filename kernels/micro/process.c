/* SPDX-License-Identifier: MIT */
/* process.c: a process's life after it was made. */
#include "micro/process.h"
#include "base/errno.h"
#include "micro/end.h"
#include "micro/irq.h"
#include "micro/space.h"
#include "micro/tcb.h"

struct process *processes[PROCESSES_MAX];

bool process_charge(struct process *p, int64_t pages)
{
    if (pages > 0 && p->pages + pages > p->pages_max)
        return false;
    p->pages += pages;
    return true;
}

void process_event(struct process *p, uint32_t events)
{
    p->info->pending |= events;
    LIST_FOR(link, &p->threads)
    {
        struct tcb *t = LIST_ENTRY(link, struct tcb, link);
        if (t->state == TCB_SLEEP) {
            tcb_detach(t);
            tcb_wake(t);
        }
    }
}

/* Nothing of it runs any more. */
static void process_finish(struct process *p)
{
    processes[p->domain] = NULL;
    end_process_gone(p);
    object_put(&p->first->object);
    object_put(&p->object);
}

void process_end(struct process *p)
{
    if (p->object.dead)
        return;
    p->object.dead = true;
    LIST_FOR(link, &p->threads) tcb_kill(LIST_ENTRY(link, struct tcb, link));
    for (unsigned i = 0; i < PROCESS_DEVICES; i++)
        if (p->irq[i])
            irq_release(p->irq[i]);
    for (unsigned n = 0; n < HANDLES_MAX; n++)
        handle_close(&p->handles[n]);
    handle_sweep(p);
    if (!p->thread_count)
        process_finish(p);
}

void process_thread_ended(struct process *p)
{
    if (--p->thread_count || (p->common && !p->object.dead))
        return;
    if (p->object.dead)
        process_finish(p);
    else
        process_end(p);
}

int64_t process_call_event(uint64_t process, uint64_t bits)
{
    struct process *p = handle_object(process, OBJECT_PROCESS);

    if (!p)
        return -EBADF;
    process_event(p, (uint32_t)bits);
    return 0;
}

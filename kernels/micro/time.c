/* SPDX-License-Identifier: MIT */
/*
 * time.c: slices, sleepers and alarms.  One timer serves them all: it is set for whichever comes first.  What is taken
 * back is let come and does nothing, for setting the timer costs more on a virtual machine.
 */
#include "micro/time.h"
#include "env.h"
#include "machine/apic.h"
#include "micro/process.h"
#include "micro/tcb.h"

static uint64_t sched_ns = SCHED_FOREVER; /* when the scheduler wants a tick */
static uint64_t timer_ns = SCHED_FOREVER; /* when the timer fires */

static void timer_want(uint64_t deadline_ns)
{
    if (deadline_ns < timer_ns) {
        timer_ns = deadline_ns;
        apic_timer_set(deadline_ns);
    }
}

void env_timer_set(uint64_t deadline_ns)
{
    sched_ns = deadline_ns;
    timer_want(deadline_ns);
}

static void alarm_check(struct process *p, uint64_t now)
{
    if (p->alarm_ns > now) {
        timer_want(p->alarm_ns);
        return;
    }
    p->alarm_ns = SCHED_FOREVER;
    process_event(p, EVENT_ALARM);
}

/* It may come early: a far deadline comes in steps, and others have asked for it. */
void time_interrupt(void)
{
    uint64_t now = apic_now_ns();

    timer_ns = SCHED_FOREVER;
    if (now >= sched_ns) {
        sched_ns = SCHED_FOREVER;
        sched_tick(now);
    } else {
        timer_want(sched_ns);
    }
    for (unsigned d = 0; d < PROCESSES_MAX; d++)
        if (processes[d])
            alarm_check(processes[d], now);
}

int64_t time_call_sleep(uint64_t deadline_ns)
{
    struct tcb *self = tcb_running;

    if (!self->info->pending)
        tcb_wait(self, TCB_SLEEP, deadline_ns, NULL);
    return self->info->pending;
}

int64_t time_call_alarm(uint64_t deadline_ns)
{
    tcb_running->process->alarm_ns = deadline_ns;
    timer_want(deadline_ns);
    return 0;
}

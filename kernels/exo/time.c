/* SPDX-License-Identifier: MIT */
/*
 * time.c: slices and alarms.  One timer serves the scheduler, for slices and sleepers, and each environment's alarm:
 * it is set for whichever comes first.
 */
#include "env.h"
#include "exo/call.h"
#include "exo/environment.h"
#include "machine/apic.h"

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

/* The timer may come early: a far deadline comes in steps, and others have asked for it. */
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
    for (struct environment *e = environments; e < environments + ENVIRONMENTS_MAX; e++) {
        if (e->alive && e->alarm_ns <= now) {
            e->alarm_ns = SCHED_FOREVER;
            environment_tell(e, EVENT_ALARM);
        } else if (e->alive) {
            timer_want(e->alarm_ns);
        }
    }
}

/* STI takes effect after the instruction behind it. */
void time_pass(void)
{
    __asm__ volatile("sti; nop; cli" ::: "memory");
    if (sched_yield_wanted)
        sched_yield();
}

/* An alarm that is taken back is let come and does nothing, for setting the timer costs more on a virtual machine. */
int64_t call_alarm(CALL_N, uint64_t deadline_ns)
{
    environment_current()->alarm_ns = deadline_ns;
    timer_want(deadline_ns);
    return 0;
}

int64_t call_wait(CALL_N, uint64_t deadline_ns, uint64_t listen)
{
    struct environment *e = environment_current();

    if (listen && network_listen(e) > 0)
        e->info->pending |= EVENT_NET;
    while (!e->info->pending && (deadline_ns == SCHED_FOREVER || apic_now_ns() < deadline_ns))
        sched_wait(&e->events, deadline_ns);
    return e->info->pending;
}

int64_t call_yield(CALL_N)
{
    sched_yield();
    return 0;
}

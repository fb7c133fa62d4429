/* SPDX-License-Identifier: MIT */
/*
 * lifetimes: what the microkernel must do when something ends in the middle of something else: threads that are ended
 * or started anew in every state in which they can wait, callers whose receiver goes, endpoints that are closed with
 * waiters, rights to reply that are used twice, calls that time out, tables that are full.  With leaks=1 the kernel
 * counts afterwards that nothing is left.
 *
 * All threads are of this process; the first one plays the receiver.  They call the kernel, not the library.
 */
#include "lifetimes/jobs.h"
#include "pager.h"
#include "toll.h"
#include <errno.h>
#include <stddef.h>

#define BADGE 77
#define WORD 0x1234567

static uint64_t endpoint;

static int64_t receive(struct message *m)
{
    message_slot()->deadline_ns = job_soon();
    message_exchange(MICRO_WAIT_UNTIL, endpoint, m);
    return (int64_t)m->from;
}

static int64_t reply(uint64_t handle)
{
    struct message m = {.word = {WORD}};

    message_exchange(MICRO_REPLY, handle, &m);
    return (int64_t)m.from;
}

/* Nobody is left in the endpoint's queue. */
static void quiet(const char *what)
{
    struct message m = {0};

    toll_check(receive(&m) == -ETIMEDOUT, "%s: somebody still calls: %lld", what, (long long)m.from);
}

/* ---- a thread in each state in which it can wait ---- */

struct wait {
    const char *name;
    struct job_step step;
    bool received, kept, pager;
};

static struct wait waits[] = {
    {"sends", {MICRO_CALL, 0, 0}, false, false, false},
    {"sends until", {MICRO_CALL_UNTIL, 0, 0}, false, false, false},
    {"waits for the reply", {MICRO_CALL, 0, 0}, true, false, false},
    {"waits for the reply until", {MICRO_CALL_UNTIL, 0, 0}, true, false, false},
    {"waits for a kept reply", {MICRO_CALL, 0, 0}, true, true, false},
    {"receives", {MICRO_WAIT, 0, 0}, false, false, false},
    {"receives until", {MICRO_WAIT_UNTIL, 0, 0}, false, false, false},
    {"waits for a note", {MICRO_NOTE_WAIT, 0, JOB_LATER}, false, false, false},
    {"sleeps", {MICRO_SLEEP, JOB_LATER, 0}, false, false, false},
    {"faults", {JOB_FAULT, 0, 0}, false, false, true},
    {"faults and waits", {JOB_FAULT, 0, 0}, true, false, true},
    {"faults and waits for a kept reply", {JOB_FAULT, 0, 0}, true, true, true},
};

/* Brings a thread there; *kept: the right to reply to it, or 0. */
static struct job *wait_reach(struct wait *w, uint64_t note, uint64_t *kept)
{
    struct message m = {0};
    struct job *job;

    if (w->step.number < MICRO_MESSAGES)
        w->step.a = endpoint;
    else if (w->step.number == MICRO_NOTE_WAIT)
        w->step.a = note;
    job = job_start(&w->step, 1, w->pager ? endpoint : HANDLE_MEM);
    job_settle();
    *kept = 0;
    if (w->received)
        toll_check(receive(&m) == 0, "%s: no message, but %lld", w->name, (long long)m.from);
    if (w->received && w->pager)
        toll_check(m.tag & MICRO_TAG_FAULT && m.word[0] == JOB_NOWHERE && m.word[1] == PAGER_READ,
                   "%s: not the fault's message: %llx", w->name, (unsigned long long)m.tag);
    if (w->kept)
        *kept = (uint64_t)raw(MICRO_REPLY_KEEP, 0, 0, 0, 0, 0, 0);
    toll_check(!job->done, "%s: it does not wait", w->name);
    return job;
}

/* Whoever held the right to reply finds that there is nobody. */
static void replies_useless(const struct wait *w, uint64_t kept)
{
    if (!w->received)
        return;
    toll_check(reply(kept) == -ENOENT, "%s: a reply to nobody", w->name);
    toll_check(reply(kept) == (kept ? -EBADF : -ENOENT), "%s: a second reply to nobody", w->name);
}

static void waits_end(struct wait *w, uint64_t note)
{
    uint64_t kept;
    struct job *job = wait_reach(w, note, &kept);

    toll_check(raw(MICRO_THREAD_END, job->thread, 0, 0, 0, 0, 0) == 0, "%s: it cannot be ended", w->name);
    job_settle();
    toll_check(raw(MICRO_THREAD_START, job->thread, job_entry, job->sp, 0, 0, 0) == -EBADF, "%s: it lives on", w->name);
    replies_useless(w, kept);
    quiet(w->name);
    toll_check(!job->done, "%s: it went on", w->name);
    job_free(job);
}

static void waits_start(struct wait *w, uint64_t note)
{
    const struct job_step nothing = {MICRO_NULL, 0, 0};
    uint64_t kept;
    struct job *job = wait_reach(w, note, &kept);

    job_steps_set(job, &nothing, 1);
    toll_check(raw(MICRO_THREAD_START, job->thread, job_entry, job->sp, 0, 0, 0) == 0, "%s: not started", w->name);
    toll_check(raw(MICRO_THREAD_START, job->thread, job_entry, job->sp, 0, 0, 0) == -EBUSY, "%s: started twice",
               w->name);
    job_settle();
    toll_check(job->done && job->result == 0, "%s: it has not begun anew", w->name);
    replies_useless(w, kept);
    quiet(w->name);
    job_free(job);
}

/* ---- callers that get no reply ---- */

static void callers_refused(void)
{
    const struct job_step call = {MICRO_CALL, endpoint, 0}, answer[] = {{MICRO_WAIT, endpoint, 0}};
    const struct job_step keeper[] = {{MICRO_WAIT, endpoint, 0}, {MICRO_REPLY_KEEP, 0, 0}};
    struct message m = {0};
    struct job *job = job_start(&call, 1, HANDLE_MEM), *other;
    uint64_t kept;

    receive(&m);
    quiet("waiting again without a reply");
    job_settle();
    toll_check(job->done && job->result == -EINTR, "forgotten by its receiver: %lld", (long long)job->result);
    job_free(job);

    job = job_start(&call, 1, HANDLE_MEM);
    receive(&m);
    kept = (uint64_t)raw(MICRO_REPLY_KEEP, 0, 0, 0, 0, 0, 0);
    toll_check(raw(MICRO_HANDLE_GIVE, HANDLE_PROCESS, kept, 0, 0, 0, 0) == -EBADF, "a right to reply was given on");
    toll_check(raw(MICRO_REPLY_KEEP, 0, 0, 0, 0, 0, 0) == -ENOENT, "a right to reply was kept twice");
    raw(MICRO_HANDLE_CLOSE, kept, 0, 0, 0, 0, 0);
    job_settle();
    toll_check(job->done && job->result == -EINTR, "its reply's handle closed: %lld", (long long)job->result);
    job_free(job);

    for (unsigned keep = 0; keep < 2; keep++) { /* the receiver waits already, so this is the fast path */
        other = job_start(keep ? keeper : answer, keep + 1, HANDLE_MEM);
        job_settle();
        job = job_start(&call, 1, HANDLE_MEM);
        job_settle();
        toll_check(other->done, "no message");
        toll_check(job->done == !keep && (keep || job->result == -EINTR), "its receiver ended: %lld",
                   (long long)job->result);
        if (keep) {
            toll_check(reply((uint64_t)other->result) == 0 && reply((uint64_t)other->result) == -EBADF, "kept reply");
            job_settle();
            toll_check(job->done && job->result == 0 && job->m.word[0] == WORD, "no kept reply");
        }
        job_free(job);
        job_free(other);
    }
}

static void endpoint_closed(void)
{
    uint64_t kept = endpoint, callers[2] = {0};
    struct job *jobs[3];

    endpoint = (uint64_t)raw(MICRO_ENDPOINT_MAKE, 0, 0, 0, 0, 0, 0);
    callers[0] = (uint64_t)raw(MICRO_HANDLE_GIVE, HANDLE_PROCESS, endpoint, BADGE, 0, 0, 0);
    const struct job_step steps[] = {{MICRO_WAIT, endpoint, 0}, {MICRO_WAIT_UNTIL, endpoint, 0}};
    for (unsigned i = 0; i < 2; i++)
        jobs[i] = job_start(&steps[i], 1, HANDLE_MEM);
    job_settle();
    toll_check(raw(MICRO_HANDLE_CLOSE, endpoint, 0, 0, 0, 0, 0) == 0, "the endpoint cannot be closed");
    job_settle();
    for (unsigned i = 0; i < 2; i++) {
        toll_check(jobs[i]->done && jobs[i]->result == -EINTR, "receiver %u: %lld", i, (long long)jobs[i]->result);
        job_free(jobs[i]);
    }
    const struct job_step call = {MICRO_CALL, callers[0], 0};
    jobs[2] = job_start(&call, 1, HANDLE_MEM);
    job_settle();
    toll_check(jobs[2]->done && jobs[2]->result == -EINTR, "a call to nobody: %lld", (long long)jobs[2]->result);
    job_free(jobs[2]);
    raw(MICRO_HANDLE_CLOSE, callers[0], 0, 0, 0, 0, 0);
    endpoint = kept;
}

/* The same with senders in the queue, of whom one only calls through a copy. */
static void endpoint_closed_on_senders(void)
{
    uint64_t kept = endpoint;
    struct job *jobs[2];

    endpoint = (uint64_t)raw(MICRO_ENDPOINT_MAKE, 0, 0, 0, 0, 0, 0);
    const struct job_step steps[] = {
        {MICRO_CALL, (uint64_t)raw(MICRO_HANDLE_GIVE, HANDLE_PROCESS, endpoint, BADGE, 0, 0, 0), 0},
        {MICRO_CALL_UNTIL, endpoint, 0}};
    for (unsigned i = 0; i < 2; i++)
        jobs[i] = job_start(&steps[i], 1, HANDLE_MEM);
    job_settle();
    raw(MICRO_HANDLE_CLOSE, endpoint, 0, 0, 0, 0, 0);
    job_settle();
    for (unsigned i = 0; i < 2; i++) {
        toll_check(jobs[i]->done && jobs[i]->result == -EINTR, "sender %u: %lld", i, (long long)jobs[i]->result);
        job_free(jobs[i]);
    }
    raw(MICRO_HANDLE_CLOSE, steps[0].a, 0, 0, 0, 0, 0);
    endpoint = kept;
}

/* ---- the rest ---- */

static void badges(void)
{
    const struct job_step call = {MICRO_CALL,
                                  (uint64_t)raw(MICRO_HANDLE_GIVE, HANDLE_PROCESS, endpoint, BADGE, 0, 0, 0), WORD};
    int64_t copy = raw(MICRO_HANDLE_GIVE, HANDLE_PROCESS, call.a, BADGE + 1, 0, 0, 0);
    struct message m = {0};
    struct job *job = job_start(&call, 1, HANDLE_MEM);

    toll_check(receive(&m) == BADGE && m.word[0] == WORD, "badge %lld word %llx", (long long)m.from,
               (unsigned long long)m.word[0]);
    toll_check(reply(0) == 0 && reply(0) == -ENOENT, "replies");
    job_settle();
    toll_check(job->done && job->result == 0 && job->m.word[0] == WORD, "no reply");
    job_free(job);
    const struct job_step again = {MICRO_CALL, (uint64_t)copy, 0};
    job = job_start(&again, 1, HANDLE_MEM);
    toll_check(receive(&m) == BADGE, "a badge that who was given the handle has chosen");
    reply(0);
    job_settle();
    job_free(job);
    raw(MICRO_HANDLE_CLOSE, call.a, 0, 0, 0, 0, 0);
    raw(MICRO_HANDLE_CLOSE, (uint64_t)copy, 0, 0, 0, 0, 0);
}

static void times(void)
{
    struct job_step call = {MICRO_CALL_UNTIL, endpoint, JOB_SOON};
    struct job *job = job_start(&call, 1, HANDLE_MEM);

    raw(MICRO_SLEEP, job_soon() + JOB_TICK, 0, 0, 0, 0, 0);
    job_settle();
    toll_check(job->done && job->result == -ETIMEDOUT, "no end of the time: %lld", (long long)job->result);
    quiet("a call that has timed out");
    job_free(job);
}

static void notes(void)
{
    uint64_t note = (uint64_t)raw(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);
    struct job_step steps[] = {{MICRO_NOTE_BIND, note, 0}, {MICRO_NOTE_BIND, note, 0}};
    struct job *job = job_start(steps, 2, HANDLE_MEM);

    job_settle();
    toll_check(job->done && job->result == -EBUSY, "bound twice: %lld", (long long)job->result);
    job_free(job);
    const struct job_step wait[] = {{MICRO_NOTE_BIND, note, 0}, {MICRO_WAIT, endpoint, 0}};
    job = job_start(wait, 2, HANDLE_MEM);
    job_settle();
    toll_check(!job->done, "it does not wait");
    raw(MICRO_NOTE_SIGNAL, note, 5, 0, 0, 0, 0);
    job_settle();
    toll_check(job->done && job->result == 5 && job->m.tag == MICRO_TAG_NOTE, "the bits of its note: %lld",
               (long long)job->result);
    job_free(job);
    steps[0] = (struct job_step){MICRO_NOTE_WAIT, note, JOB_LATER};
    job = job_start(steps, 1, HANDLE_MEM);
    job_settle();
    raw(MICRO_HANDLE_CLOSE, note, 0, 0, 0, 0, 0);
    job_settle();
    toll_check(job->done && job->result == -EBADF, "the note is gone: %lld", (long long)job->result);
    job_free(job);
}

/* Whoever is given a note may signal it; wait for its bits, and so take them, only if that was given too. */
static void notes_given(void)
{
    uint64_t note = (uint64_t)raw(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0), handles[4] = {note};

    for (unsigned i = 1; i < 4; i++) /* the last one from who has not got it himself */
        handles[i] = (uint64_t)raw(MICRO_HANDLE_GIVE, HANDLE_PROCESS, i == 3 ? handles[1] : note,
                                   i == 1 ? 0 : MICRO_NOTE_WAITS, 0, 0, 0);
    for (unsigned i = 1; i < 4; i += 2) {
        toll_check(raw(MICRO_NOTE_SIGNAL, handles[i], i, 0, 0, 0, 0) == 0, "copy %u: no signal", i);
        toll_check(raw(MICRO_NOTE_WAIT, handles[i], 0, 0, 0, 0, 0) == -EPERM, "copy %u: its bits were taken", i);
        toll_check(raw(MICRO_NOTE_BIND, handles[i], 0, 0, 0, 0, 0) == -EPERM, "copy %u: bound", i);
    }
    toll_check(raw(MICRO_NOTE_WAIT, handles[2], 0, 0, 0, 0, 0) == 3, "the right to wait was not given");
    for (unsigned i = 0; i < 4; i++)
        raw(MICRO_HANDLE_CLOSE, handles[i], 0, 0, 0, 0, 0);
}

/* With no room for its handle a thread must not run. */
static void table_full(void)
{
    const struct job_step nothing = {MICRO_NULL, 0, 0};
    uint64_t made[HANDLES_MAX];
    unsigned count = 0;
    struct job *job;
    int64_t n;

    while ((n = raw(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0)) > 0 && count < HANDLES_MAX)
        made[count++] = (uint64_t)n;
    toll_check(n == -EMFILE, "a full table: %lld", (long long)n);
    job = job_start(&nothing, 1, HANDLE_MEM);
    job_settle();
    toll_check((int64_t)job->thread == -EMFILE && !job->done, "a thread without a handle runs");
    job_free(job);
    while (count)
        raw(MICRO_HANDLE_CLOSE, made[--count], 0, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    uint64_t note;

    toll_main(argc, argv, "lifetimes");
    jobs_begin();
    endpoint = (uint64_t)raw(MICRO_ENDPOINT_MAKE, 0, 0, 0, 0, 0, 0);
    note = (uint64_t)raw(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);
    for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++) {
        waits_end(&waits[i], note);
        waits_start(&waits[i], note);
    }
    callers_refused();
    endpoint_closed();
    endpoint_closed_on_senders();
    badges();
    times();
    notes();
    notes_given();
    table_full();
    raw(MICRO_HANDLE_CLOSE, endpoint, 0, 0, 0, 0, 0);
    raw(MICRO_HANDLE_CLOSE, note, 0, 0, 0, 0, 0);
    jobs_end();
    toll_output(&jobs_made, sizeof jobs_made);
    return toll_done();
}

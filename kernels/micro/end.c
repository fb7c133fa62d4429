/* SPDX-License-Identifier: MIT */
/*
 * end.c: the end.  The kernel's own thread waits for it.  With the word `leaks=1` it first ends the application's
 * process and reports by how much frames, handles and objects in use differ from before it was made: by nothing, if all
 * that a process can get hold of comes back.
 *
 * One thread may have something to do before: what others have left in the file system it has to bring to an end.
 */
#include "micro/end.h"
#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "machine/boot.h"
#include "machine/home.h"
#include "machine/paging.h"
#include "micro/compose.h"
#include "micro/endpoint.h"
#include "micro/note.h"
#include "micro/process.h"
#include "micro/space.h"
#include "micro/tcb.h"

#define SETTLE_OBJECTS 300 /* more than there is room for in the frames that are in use partly */
#define STATUS_LOST 139    /* as of a process that a fault ended */

static struct waitq waiters = WAITQ_INIT(waiters);
static bool wanted;
static int end_status;
static struct note *last; /* of who makes the end; it lives while it is bound, and no longer stands here */
static uint64_t last_bits;
static struct {
    uint64_t frames, handles, objects;
} before;

static void end_want(int status)
{
    if (!wanted)
        end_status = status;
    wanted = true;
    if (last)
        note_signal(last, last_bits);
    else
        sched_wake(&waiters, 1);
}

void end_note_unbound(const struct note *n)
{
    if (n != last)
        return;
    last = NULL;
    if (wanted)
        sched_wake(&waiters, 1);
}

/* Which frames of free objects the heap keeps depends on the order in which they were freed.  So many objects, freed in
   the order in which they were made, leave it as if there had never been more of them than now. */
static void heap_settle(size_t bytes)
{
    void *first = NULL, **last = NULL, **object;

    for (unsigned i = 0; i < SETTLE_OBJECTS && (object = alloc_get(bytes)); i++) {
        if (last)
            *last = object;
        else
            first = object;
        last = object;
    }
    for (object = first; object; object = first) {
        first = *object;
        alloc_put(object);
    }
}

static uint64_t frames_used(void)
{
    static const size_t sizes[] = {sizeof(struct thread),     sizeof(struct table),    sizeof(struct table_pages),
                                   sizeof(struct tcb),        sizeof(struct endpoint), sizeof(struct note),
                                   sizeof(struct micro_space)};

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        heap_settle(sizes[i]);
    return alloc_total_pages() - alloc_free_pages();
}

bool end_counts(void)
{
    return boot_number("leaks=", 0) != 0;
}

void end_count_start(void)
{
    before.frames = frames_used();
    before.handles = handle_count;
    before.objects = object_count;
}

static void count_say(const char *name, uint64_t now, uint64_t then)
{
    env_log(WIRE_PREFIX "value %s_leaked %s %ld", name, name, (long)(now - then));
}

static struct process *application(void)
{
    for (unsigned d = 0; d < PROCESSES_MAX; d++)
        if (processes[d] && processes[d]->application)
            return processes[d];
    return NULL;
}

/* The process's threads end as they run. */
static void count_end(void)
{
    struct process *p;

    while ((p = application())) {
        process_end(p);
        sched_yield();
    }
    count_say("frames", frames_used(), before.frames);
    count_say("handles", handle_count, before.handles);
    count_say("objects", object_count, before.objects);
}

_Noreturn void end_wait(void)
{
    while (!wanted)
        sched_wait_always(&waiters);
    if (end_counts())
        count_end();
    compose_end();
    home_shutdown(end_status);
}

void end_lost(void)
{
    end_want(STATUS_LOST);
}

void end_process_gone(const struct process *p)
{
    if (p->application)
        end_want(STATUS_LOST);
}

int64_t end_call(uint64_t status)
{
    struct tcb *self = tcb_running;

    if (!handle_find(HANDLE_MACHINE, OBJECT_MACHINE))
        return -EPERM;
    if (last && last == self->bound)
        last = NULL;
    end_want((int)status);
    while (!self->thread->killed)
        tcb_wait(self, TCB_SLEEP, SCHED_FOREVER, NULL);
    return -EINTR;
}

int64_t end_call_last(uint64_t note, uint64_t bits)
{
    struct note *n = handle_object(note, OBJECT_NOTE);

    if (!handle_find(HANDLE_MACHINE, OBJECT_MACHINE) || tcb_running->process->application)
        return -EPERM;
    if (!n || n != tcb_running->bound)
        return -EBADF;
    if (last || wanted)
        return -EBUSY;
    last = n;
    last_bits = bits;
    return 0;
}

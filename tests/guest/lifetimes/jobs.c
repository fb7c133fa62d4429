/* SPDX-License-Identifier: MIT */
/* jobs.c: see jobs.h.  The threads touch nothing but this program's memory, which is all brought in before. */
#include "lifetimes/jobs.h"
#include "pager.h"
#include "toll.h"
#include <string.h>

#define JOBS 6
#define STACK_WORDS 512
#define SETTLE_TURNS 12
#define PAGE 4096u

static struct domain_info *const info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static struct job jobs[JOBS];
static uint64_t stacks[JOBS][STACK_WORDS] __attribute__((aligned(16)));
static uint64_t space, upcall_entry;
uint64_t jobs_made;

/* The stack holds the job. */
__asm__(".text\n"
        ".globl job_start_here\n"
        "job_start_here:\n"
        "   pop %rdi\n"
        "   xor %ebp, %ebp\n"
        "   call job_run\n"
        "   ud2\n");

static int64_t step_run(struct job *job, const struct job_step *s)
{
    if (s->number == JOB_FAULT)
        return *(volatile char *)JOB_NOWHERE;
    if (s->number >= MICRO_MESSAGES)
        return raw(s->number, s->a, s->b, 0, 0, 0, 0);
    job->m = (struct message){.word = {s->b}};
    info->messages[job->slot].deadline_ns = s->b == JOB_SOON ? job_soon() : JOB_LATER;
    message_exchange(s->number, s->a, &job->m);
    return (int64_t)job->m.from;
}

__attribute__((used)) _Noreturn void job_run(struct job *job)
{
    for (unsigned i = 0; i < job->count; i++)
        job->result = step_run(job, &job->steps[i]);
    job->done = true;
    for (;;)
        raw(MICRO_THREAD_END, 0, 0, 0, 0, 0, 0);
}

struct domain_message *message_slot(void)
{
    return &info->messages[0];
}

uint64_t job_soon(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)((unsigned __int128)(((uint64_t)high << 32 | low) - info->tsc_start) * info->ns_scale >> 32) +
           JOB_TICK;
}

void job_settle(void)
{
    for (unsigned i = 0; i < SETTLE_TURNS; i++)
        raw(MICRO_YIELD, 0, 0, 0, 0, 0, 0);
}

void job_steps_set(struct job *job, const struct job_step *steps, unsigned count)
{
    memcpy(job->steps, steps, count * sizeof *steps);
    job->count = count;
    *(uint64_t *)job->sp = (uint64_t)job;
}

struct job *job_start(const struct job_step *steps, unsigned count, uint64_t pager)
{
    struct job *job = jobs;

    while (job->used)
        job++;
    *job = (struct job){.used = true, .slot = 1 + (unsigned)(job - jobs)};
    job->sp = (uint64_t)(stacks[job - jobs] + STACK_WORDS - 1);
    job_steps_set(job, steps, count);
    job->thread = (uint64_t)raw(MICRO_THREAD_MAKE, space, job_entry, job->sp, job->slot, pager, 0);
    jobs_made++;
    return job;
}

void job_free(struct job *job)
{
    raw(MICRO_THREAD_END, job->thread, 0, 0, 0, 0, 0);
    raw(MICRO_HANDLE_CLOSE, job->thread, 0, 0, 0, 0, 0);
    job_settle();
    job->used = false;
}

/* Without an entry for upcalls no thread but the first one gets into the library. */
void jobs_begin(void)
{
    for (uint64_t at = (uint64_t)job_start_here & -PAGE; at < (uint64_t)job_start_here + 2 * PAGE; at += PAGE)
        (void)*(volatile char *)at;
    memset(stacks, 0, sizeof stacks);
    memset(jobs, 0, sizeof jobs);
    for (space = HANDLE_SPACE; space < HANDLES_MAX; space++)
        if (raw(MICRO_PROTECT, space, (uint64_t)stacks & -(uint64_t)PAGE, PAGER_READ | PAGER_WRITE, 0, 0, 0) > 0)
            break;
    toll_check(space < HANDLES_MAX, "no space has this program");
    upcall_entry = info->upcall_entry;
    info->upcall_entry = 0;
}

void jobs_end(void)
{
    info->upcall_entry = upcall_entry;
}

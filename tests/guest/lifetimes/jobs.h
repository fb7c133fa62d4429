/* SPDX-License-Identifier: MIT */
/* jobs.h: threads of the microkernel's that make a few calls, and say what the last one gave. */
#ifndef TOLL_JOBS_H
#define TOLL_JOBS_H

#include "machine/domain.h"
#include "micro/client/message.h"
#include "raw.h"
#include <stdbool.h>
#include <stdint.h>

#define JOB_FAULT 1000 /* as a call: touches JOB_NOWHERE */
#define JOB_NOWHERE 4096
#define JOB_TICK 200000u           /* ns */
#define JOB_SOON (UINT64_MAX - 2)  /* as b: the deadline is one tick from now */
#define JOB_LATER (UINT64_MAX - 1) /* as a deadline */
#define JOB_STEPS_MAX 2

/* A message takes the handle a, with b as its first word or its deadline; others a and b as arguments. */
struct job_step {
    uint64_t number, a, b;
};

struct job {
    struct job_step steps[JOB_STEPS_MAX];
    unsigned count, slot;
    uint64_t thread, sp;
    struct message m; /* what came last */
    volatile bool used, done;
    volatile int64_t result;
};

extern uint64_t jobs_made;
extern char job_start_here[];
#define job_entry ((uint64_t)job_start_here)

void jobs_begin(void);
void jobs_end(void);

/* A thread for these steps; its handle, or why it has none, is in thread. */
struct job *job_start(const struct job_step *steps, unsigned count, uint64_t pager);
void job_steps_set(struct job *job, const struct job_step *steps, unsigned count);

/* Ends it, if it has not. */
void job_free(struct job *job);

/* Others run until they wait. */
void job_settle(void);

uint64_t job_soon(void);

/* The first thread's. */
struct domain_message *message_slot(void);

#endif

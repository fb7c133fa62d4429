/* SPDX-License-Identifier: MIT */
/*
 * process.h: runs a program in a process group of its own and waits for its end, a time-out, an interruption or
 * too much output, whichever comes first; then the whole group is ended.  Safe from several threads.
 */
#ifndef TOLL_PROCESS_H
#define TOLL_PROCESS_H

#include "arena.h"
#include "error.h"
#include <stdint.h>
#include <sys/types.h>

enum process_outcome {
    PROCESS_EXITED,    /* value: exit status */
    PROCESS_SIGNALLED, /* value: the signal */
    PROCESS_TIMED_OUT,
    PROCESS_INTERRUPTED,
    PROCESS_FLOODED /* the watched file grew beyond its limit */
};

struct process_end {
    enum process_outcome outcome;
    int value;
};

struct process_options {
    int out, err;           /* descriptors for its output, or -1: nowhere */
    int cancel;             /* a descriptor that becomes readable when all must stop, or -1 */
    int64_t timeout_ms;     /* 0: none */
    const char *watch_path; /* a file that may not grow beyond watch_bytes, or NULL */
    int64_t watch_bytes;
    int keep, keep_too; /* descriptors that the program inherits although they are closed on exec, or 0 */
    /* Called once the program runs, before its end is waited for; its result is not looked at.  NULL: nothing. */
    void (*started)(void *context, pid_t pid);
    void *context;
};

/* -1 only if the program could not be started. */
int process_run(char *const argv[], const struct process_options *options, struct process_end *end,
                struct error *error);

/* Runs argv and gives what it wrote to standard output and error together; NULL if it could not be started. */
char *process_capture(struct arena *arena, char *const argv[], const struct process_options *options,
                      struct process_end *end, struct error *error);

/* What a program says within ten seconds, or NULL if it cannot be run or does not end with 0. */
char *process_ask(struct arena *arena, int cancel, const char *const words[]);

/* "exit status 2", "signal 11 (Segmentation fault)", ... */
char *process_explain(struct arena *arena, const struct process_end *end);

/* A descriptor for struct process_options that is readable once SIGINT, SIGTERM or SIGHUP came; the signals are
   blocked from then on, in the threads made later too.  -1 on failure. */
int process_catch_signals(void);
/* Whether a descriptor is readable now. */
int process_cancelled(int cancel);

#endif

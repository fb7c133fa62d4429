/* SPDX-License-Identifier: MIT */
/*
 * qmp.h: QEMU's monitor (QMP), over a socket that QEMU inherits: `-chardev socket,id=qmp,fd=N -mon
 * chardev=qmp,mode=control`.
 */
#ifndef TOLL_QMP_H
#define TOLL_QMP_H

#include "error.h"
#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct qmp {
    int fd; /* toll's end */
    int cancel;
    int64_t deadline_ms; /* of clock.h; nothing is waited for beyond */
    size_t used;
    char buffer[16384];
};

/* A pair of connected sockets, closed on exec: ours for qmp_start, theirs for QEMU. */
int qmp_pair(int *ours, int *theirs, struct error *error);

/* Reads the greeting and says what we can do.  0; 1 if QEMU ended or an interruption came; -1 with an error if it does
   not answer in time. */
int qmp_start(struct qmp *qmp, int ours, int cancel, int64_t timeout_ms, struct error *error);

/* One command without arguments; *result, if not NULL, gets a new reference to its answer.  Returns like qmp_start. */
int qmp_call(struct qmp *qmp, const char *command, json_t **result, struct error *error);

/* The thread of the first virtual processor, of query-cpus-fast's answer; 0 if it is not told. */
pid_t qmp_cpu_thread(const json_t *answer);

#endif

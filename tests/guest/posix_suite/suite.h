/* SPDX-License-Identifier: MIT */
/*
 * suite.h: the transcript that posix_suite keeps.  Every line says what was done and what came of it; the same lines
 * must come out everywhere, so nothing goes into them that a system is free to choose: no addresses, times, process
 * numbers, or sizes of buffers.
 */
#ifndef TOLL_SUITE_H
#define TOLL_SUITE_H

#include "toll.h"

/* Writes "TEXT = RESULT", or "TEXT = -ERRNO" for a result of -1. */
void suite_result(const char *text, long result);
void suite_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for calls that return an error number. */
void suite_error(const char *text, int error);

/* An address at which nothing can be, and of which the compiler knows nothing. */
extern void *volatile suite_nowhere;
#define NOWHERE suite_nowhere

#define CALL(expression) suite_result(#expression, (long)(expression))
#define TRUTH(expression) suite_line("%s: %s", #expression, (expression) ? "yes" : "no")
#define ERROR(expression) suite_error(#expression, (expression))

void suite_files(void);
void suite_directories(void);
void suite_pipes(void);
void suite_memory(void);
void suite_time(void);
void suite_threads(void);
void suite_system(void);
void suite_epoll(void);
void suite_sockets(void);      /* where there is a network */
void suite_socket_edges(void); /* the same */
void suite_processes(void);    /* where there are processes */
void suite_inherited(void);    /* where there are both */
/* What this program does when suite_processes starts it anew. */
int suite_child(const char *role);
/* The same for suite_inherited; -1: it is none of its roles. */
int suite_child_socket(const char *role);

#endif

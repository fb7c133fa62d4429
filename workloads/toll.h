/* SPDX-License-Identifier: MIT */
/*
 * toll.h: what a workload is.  A workload is an ordinary C program for POSIX:
 *
 *      int main(int argc, char **argv)
 *      {
 *          toll_main(argc, argv, "area_action");    // first of all
 *          ... set up; warm up ...
 *          TOLL_WINDOW(ops, warm) { one operation; }   // or toll_begin, toll_op..., toll_end by hand
 *          toll_check(result == expected, "what was wrong");
 *          toll_output(bytes, n);                   // what must be equal in every structure
 *          return toll_done();
 *      }
 *
 * Arguments are words key=value from bench.toml, read with toll_arg*.  Marks and records: kernels/include/wire.h.
 * Include this file first: it asks the C library for all of POSIX.  Workloads find wire.h with -iquote: with -I the
 * kernel's sched.h would hide the C library's.
 */
#ifndef TOLL_H
#define TOLL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "wire.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLL_MARK(n) WIRE_MARK(n)

/* Reads the arguments and says that main was reached.  name: the program's; the argument name=, where the program is
   measured under another, replaces it. */
void toll_main(int argc, char **argv, const char *name);

/* The argument key=..., or fallback.  A value that is not a number ends the program as a failure. */
const char *toll_arg(const char *key, const char *fallback);
uint64_t toll_arg_number(const char *key, uint64_t fallback);
/* The index-th argument with that key (several may be given), or NULL. */
const char *toll_arg_nth(const char *key, unsigned index);

/* A measured window: begin reads the system's books and marks; end marks, reads them again and reports the
   difference less what reading costs.  One window a program. */
void toll_begin(void);
void toll_end(uint64_t ops);
static inline void toll_op(void)
{
    TOLL_MARK(WIRE_MARK_OP);
}

/* warm operations, then a window of ops: the statement that follows is one operation.  Of the warm ones only the first
   is measured, by itself: the cold operation of this boot. */
#define TOLL_PASSES 3
#define TOLL_WINDOW(ops, warm)                                                                                         \
    for (unsigned toll_pass = 0; toll_pass < TOLL_PASSES; toll_window_end(toll_pass++))                                \
        for (uint64_t toll_left = toll_window_begin(toll_pass, ops, warm); toll_left > 0; toll_op(), toll_left--)
uint64_t toll_window_begin(unsigned pass, uint64_t ops, uint64_t warm);
void toll_window_end(unsigned pass);

/* A whole workload: ops protected calls of a kind (WIRE_CROSS_*), after warm that are not measured; ops and warm are
   arguments.  Skips where the system has no such crossing. */
void toll_cross(int kind, uint64_t words, uint64_t bytes);

/* Fails the workload, with the reason, unless ok; the first reason wins.  Formats like printf. */
void toll_check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* This system cannot do the workload: ends the program, saying why. */
_Noreturn void toll_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

void toll_output(const void *bytes, size_t n);
void toll_value(const char *name, const char *unit, uint64_t value);

/* Says how it went; returns main's exit status. */
int toll_done(void);

/* A second flow of control that runs peer(in, out) with two file descriptors: a process of its own where the
   system has processes (this program started anew, with the words of argv and peer=1), otherwise a thread.  The
   program must call toll_peer_main early in main: in the new process it runs peer and does not return. */
typedef void toll_peer(int in, int out);
struct toll_peer_handle {
    long process; /* > 0: its process id; 0: a thread */
    unsigned long thread;
};
void toll_peer_main(toll_peer *peer);
/* 0 or a negative errno. */
int toll_peer_start(toll_peer *peer, int in, int out, struct toll_peer_handle *handle);
int toll_peer_wait(struct toll_peer_handle *handle);

/* Path by which this program can be started again. */
const char *toll_self(void);

#endif

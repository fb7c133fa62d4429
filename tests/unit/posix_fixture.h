/* SPDX-License-Identifier: MIT */
/* posix_fixture.h: a volume, and functions of the test as processes that make system calls (posix_fixture.c). */
#ifndef TOLL_TEST_POSIX_FIXTURE_H
#define TOLL_TEST_POSIX_FIXTURE_H

#include "fs_fixture.h"

#undef WNOHANG /* the C library's, of the same value */
#include "parts/posix/linux.h"
#include "parts/posix/process.h"

#define P(pointer) ((uint64_t)(uintptr_t)(pointer))
#define BAD 0x20000u /* an address at which a process has nothing */

/* Makes the volume's images; makes a process with number 1, the parent of all others. */
int posix_open_group(void **state);
int posix_setup(void **state);
/* Unmounts: every page and object that was taken must have been given back, every node closed. */
int posix_teardown(void **state);

/* A process that calls body and then exits with status 0. */
struct process *process_begin(void (*body)(void));
/* Runs all processes until they have ended or wait for what will not come; how many threads have not ended. */
unsigned processes_run(void);
/* Begins one and runs it to its end; its wait status. */
int process_run(void (*body)(void));
/* The status of a process that has ended, which is then forgotten. */
int process_status(struct process *p);
/* Another thread of the calling process, which calls body and then ends. */
struct task *thread_begin(void (*body)(void));

/* Descriptors open now, and a file descriptor of a file. */
unsigned fds_open(void);
int must_fd(const char *path, uint64_t flags);
void must_pipe(int fds[2], uint64_t flags);

int tests_exec(void);
int tests_epoll(void);
int tests_lock(void);
int tests_pipe(void);
int tests_socket(void);
int tests_socket_end(void);
int tests_wait(void);

#define POSIX_TEST(f)                                                                                                  \
    {                                                                                                                  \
#f, f, posix_setup, posix_teardown, NULL                                                                       \
    }

#endif

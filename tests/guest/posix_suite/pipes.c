/* SPDX-License-Identifier: MIT */
/* pipes.c: pipes, empty, full, broken and ended; poll. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char buffer[PIPE_BUF + 100];

static short poll_one(int fd, short events, int timeout)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n = poll(&p, 1, timeout);

    return (short)(n < 0 ? -n : n == 0 ? 0 : p.revents);
}

static void plain(void)
{
    struct stat st;
    int ends[2];

    CALL(pipe(ends));
    CALL(write(ends[1], "abc", 3));
    CALL(write(ends[1], "def", 3));
    CALL(read(ends[0], buffer, 4));
    CALL(read(ends[0], buffer + 4, 100));
    suite_line("read '%.6s'", buffer);
    CALL(write(ends[0], "x", 1));
    CALL(read(ends[1], buffer, 1));
    CALL(lseek(ends[0], 0, SEEK_SET));
    CALL(pread(ends[0], buffer, 1, 0));
    CALL(pwrite(ends[1], buffer, 1, 0));
    CALL(fstat(ends[0], &st));
    suite_line("type %o", st.st_mode & S_IFMT);
    CALL(ftruncate(ends[1], 0));
    CALL(write(ends[1], "last", 4));
    CALL(write(ends[1], NOWHERE, 4));
    CALL(close(ends[1]));
    CALL(read(ends[0], NOWHERE, 4));
    CALL(read(ends[0], buffer, 100));
    CALL(read(ends[0], buffer, 100));
    CALL(close(ends[0]));
    CALL(pipe2(ends, 1));
    CALL(pipe((int *)NOWHERE));
}

static void full_and_empty(void)
{
    int ends[2];
    long n = 0, got, out = 0;

    CALL(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    CALL(fcntl(ends[0], F_GETFD));
    CALL(read(ends[0], buffer, 10));
    while ((got = write(ends[1], buffer, 1000)) > 0)
        n += got;
    suite_result("write to a full pipe", got);
    TRUTH(n >= PIPE_BUF - 1000);
    CALL(write(ends[1], buffer, PIPE_BUF));
    CALL(poll_one(ends[1], POLLOUT, 0));
    CALL(poll_one(ends[0], POLLIN, 0));
    while ((got = read(ends[0], buffer, sizeof buffer)) > 0)
        out += got;
    TRUTH(n == out);
    suite_result("read from an empty pipe", got);
    CALL(write(ends[1], buffer, PIPE_BUF));
    CALL(read(ends[0], buffer, sizeof buffer));
    CALL(close(ends[0]));
    CALL(poll_one(ends[1], POLLOUT, 0) & POLLERR);
    signal(SIGPIPE, SIG_IGN);
    CALL(write(ends[1], "x", 1));
    CALL(close(ends[1]));
}

static void polling(void)
{
    int ends[2], file = open(".", O_RDONLY);
    struct pollfd p[4];
    struct timespec none = {0};

    CALL(pipe(ends));
    CALL(poll_one(ends[0], POLLIN, 0));
    CALL(poll_one(ends[0], POLLIN, 20));
    CALL(poll_one(ends[1], POLLOUT, -1));
    CALL(poll_one(99, POLLIN, 0));
    CALL(poll_one(-1, POLLIN, 0));
    p[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    p[1] = (struct pollfd){.fd = -5, .events = POLLIN, .revents = 1};
    p[2] = (struct pollfd){.fd = 77, .events = POLLIN};
    p[3] = (struct pollfd){.fd = file, .events = POLLIN | POLLOUT};
    CALL(poll(p, 4, -1));
    for (unsigned i = 0; i < 4; i++)
        suite_line("revents %d", p[i].revents);
    CALL(write(ends[1], "x", 1));
    CALL(ppoll(p, 1, NULL, NULL));
    suite_line("revents %d", p[0].revents);
    CALL(close(ends[1]));
    CALL(poll_one(ends[0], POLLIN, -1));
    CALL(read(ends[0], buffer, 10));
    CALL(poll_one(ends[0], POLLIN, -1));
    CALL(ppoll(p, 0, &none, NULL));
    CALL(poll(NULL, 0, 1));
    CALL(poll(NOWHERE, 1, 0));
    CALL(close(ends[0]));
    CALL(close(file));
}

void suite_pipes(void)
{
    suite_line("# pipes");
    plain();
    full_and_empty();
    polling();
}

/* SPDX-License-Identifier: MIT */
/* epoll.c: sets of files; eventfd. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int set, ends[2];
static char byte;
static struct epoll_event found[8];

static int control(int op, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = (uint64_t)fd << 40 | 7};

    return epoll_ctl(set, op, fd, &e);
}

/* What is there now: how many, and the first one's bits. */
static void look(int timeout)
{
    int n = epoll_wait(set, found, 8, timeout);

    if (n > 0)
        suite_line("%d ready: %x %s", n, found[0].events,
                   found[0].data.u64 == ((uint64_t)ends[0] << 40 | 7) ? "of the pipe" : "of another");
    else
        suite_result("epoll_wait", n);
}

static void wrong(void)
{
    int file = open(".", O_RDONLY);

    CALL(syscall(SYS_epoll_create, 0));
    CALL(epoll_create1(1));
    CALL(control(EPOLL_CTL_ADD, file, EPOLLIN));
    CALL(control(EPOLL_CTL_ADD, 99, EPOLLIN));
    CALL(control(EPOLL_CTL_ADD, set, EPOLLIN));
    CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN));
    CALL(control(EPOLL_CTL_DEL, ends[0], EPOLLIN));
    CALL(control(77, ends[0], EPOLLIN));
    CALL(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], found));
    CALL(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], NOWHERE));
    CALL(epoll_wait(set, found, 0, 0));
    CALL(epoll_wait(set, found, -1, 0));
    CALL(epoll_wait(file, found, 1, 0));
    CALL(epoll_wait(99, found, 1, 0));
    CALL(read(set, found, 8));
    CALL(close(file));
}

static void level(void)
{
    CALL(control(EPOLL_CTL_ADD, ends[0], EPOLLIN));
    CALL(control(EPOLL_CTL_ADD, ends[0], EPOLLIN));
    look(0);
    CALL(write(ends[1], "xy", 2));
    look(-1);
    look(0);
    CALL(epoll_wait(set, NOWHERE, 8, 0));
    look(0);
    CALL(read(ends[0], &byte, 1));
    look(0);
    CALL(read(ends[0], &byte, 1));
    look(0);
    look(5);
    CALL(control(EPOLL_CTL_ADD, ends[1], EPOLLOUT));
    look(0);
    CALL(control(EPOLL_CTL_MOD, ends[1], 0));
    look(0);
    CALL(control(EPOLL_CTL_DEL, ends[1], 0));
}

static void edge(void)
{
    CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET));
    look(0);
    CALL(write(ends[1], "x", 1));
    look(0);
    look(0);
    CALL(write(ends[1], "x", 1));
    look(0);
    look(0);
    CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET));
    look(0);
    CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT));
    look(0);
    look(0);
    CALL(write(ends[1], "x", 1));
    look(0);
    CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT));
    look(0);
    CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN));
}

/* Returns what write answered: whoever prints it must not do so while the other thread prints. */
static void *write_later(void *nothing)
{
    (void)nothing;
    nanosleep(&(struct timespec){0, 10000000}, NULL);
    return (void *)write(ends[1], "x", 1);
}

static void write_later_join(pthread_t thread)
{
    void *written;

    pthread_join(thread, &written);
    suite_result("write", (intptr_t)written);
}

static void waiting(void)
{
    struct pollfd p = {.fd = set, .events = POLLIN};
    pthread_t thread;

    while (poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 0) == 1)
        if (read(ends[0], &byte, 1) != 1)
            break;
    pthread_create(&thread, NULL, write_later, NULL);
    look(-1);
    write_later_join(thread);
    CALL(poll(&p, 1, 0));
    CALL(read(ends[0], &byte, 1));
    CALL(poll(&p, 1, 0));
    pthread_create(&thread, NULL, write_later, NULL);
    CALL(poll(&p, 1, -1));
    write_later_join(thread);
    CALL(close(ends[1]));
    look(0);
    CALL(close(ends[0]));
    look(0);
}

static void events(void)
{
    uint64_t value = 5;
    int fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);

    CALL(fcntl(fd, F_GETFD));
    CALL(write(fd, &value, 8));
    CALL(write(fd, &value, 4));
    CALL(read(fd, &value, 8));
    CALL(value);
    CALL(read(fd, &value, 8));
    CALL(read(fd, &value, 7));
    CALL(poll(&(struct pollfd){.fd = fd, .events = POLLIN | POLLOUT}, 1, 0));
    value = UINT64_MAX;
    CALL(write(fd, &value, 8));
    value = UINT64_MAX - 1;
    CALL(write(fd, &value, 8));
    CALL(write(fd, &value, 8));
    CALL(close(fd));
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CALL(read(fd, &value, 8));
    CALL(value);
    CALL(read(fd, &value, 8));
    CALL(read(fd, &value, 8));
    CALL(close(fd));
}

void suite_epoll(void)
{
    suite_line("# epoll");
    set = epoll_create1(EPOLL_CLOEXEC);
    CALL(fcntl(set, F_GETFD));
    CALL(pipe(ends));
    wrong();
    level();
    edge();
    waiting();
    CALL(close(set));
    events();
}

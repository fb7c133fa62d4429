/* SPDX-License-Identifier: MIT */
/* system.c: turns, clocks, times and rights of files, and how programs begin and end. */
#include "races/races.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLEEPER_S 3
#define PATH "tmp/races_file"

static volatile bool ran;

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *sleeper(void *unused)
{
    nanosleep(&(struct timespec){.tv_sec = SLEEPER_S}, NULL);
    return unused;
}

static void *runner(void *unused)
{
    ran = true;
    return unused;
}

/* Computes until another thread gets its turn, or for too long. */
static void turn_wait(uint64_t limit_ms, const char *when)
{
    pthread_t thread;

    ran = false;
    toll_check(pthread_create(&thread, NULL, runner, NULL) == 0, "no thread can be made");
    uint64_t start = now_ms();
    while (!ran && now_ms() - start <= limit_ms)
        ;
    toll_check(ran, "a ready thread gets no turn in %u ms %s", (unsigned)limit_ms, when);
    pthread_join(thread, NULL);
}

/* Must be last: the sleeper is not waited for. */
void races_turn(uint64_t limit_ms)
{
    pthread_t thread;
    uint64_t start;

    turn_wait(limit_ms, "while nobody sleeps");
    toll_check(pthread_create(&thread, NULL, sleeper, NULL) == 0, "no thread can be made");
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (start = now_ms(); now_ms() - start < 50;)
        ;
    turn_wait(limit_ms, "while somebody sleeps");
}

void races_clocks(void)
{
    struct timespec fine, coarse;

    toll_check(clock_gettime(CLOCK_REALTIME, &fine) == 0 && clock_gettime(CLOCK_REALTIME_COARSE, &coarse) == 0,
               "there is no clock of that kind");
    toll_check(labs((long)(fine.tv_sec - coarse.tv_sec)) <= 1, "CLOCK_REALTIME_COARSE shows %ld instead of %ld",
               (long)coarse.tv_sec, (long)fine.tv_sec);
    toll_check(clock_gettime(CLOCK_MONOTONIC, &fine) == 0 && clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse) == 0 &&
                   labs((long)(fine.tv_sec - coarse.tv_sec)) <= 1,
               "CLOCK_MONOTONIC_COARSE shows another time than CLOCK_MONOTONIC");
    toll_check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &fine) == -1 && errno == EINVAL,
               "the time of the day passes for the time of the processor");
}

static void times_check(int fd, long atime, long mtime, const char *what)
{
    struct stat s;

    toll_check(fstat(fd, &s) == 0, "a file has no times");
    toll_check(labs((long)s.st_atime - atime) <= 2 && labs((long)s.st_mtime - mtime) <= 2,
               "%s: the times are %ld and %ld instead of %ld and %ld", what, (long)s.st_atime, (long)s.st_mtime, atime,
               mtime);
}

static void times(int fd)
{
    const struct timespec both[2] = {{.tv_sec = 100}, {.tv_sec = 200}},
                          first[2] = {{.tv_sec = 300}, {.tv_nsec = UTIME_OMIT}},
                          second[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};

    toll_check(futimens(fd, both) == 0, "a file's times cannot be set");
    times_check(fd, 100, 200, "both");
    toll_check(futimens(fd, first) == 0, "a file's first time cannot be set");
    times_check(fd, 300, 200, "UTIME_OMIT");
    toll_check(futimens(fd, second) == 0, "a file's second time cannot be set");
    times_check(fd, 300, (long)time(NULL), "UTIME_NOW");
}

void races_files(void)
{
    int fd = open(PATH, O_RDWR | O_CREAT | O_TRUNC, 0644);

    toll_check(fd >= 0, "a file cannot be made");
    times(fd);
    toll_check(access(PATH, X_OK) == -1 && errno == EACCES, "a plain file may be executed");
    toll_check(access(PATH, R_OK | W_OK) == 0, "a plain file may not be read and written");
    toll_check(chmod(PATH, 0755) == 0 && access(PATH, X_OK) == 0, "a program may not be executed");
    toll_check(access("/tmp", X_OK) == 0, "a directory may not be searched");
    close(fd);
}

static void ends_with(const char *role, int wanted)
{
    int status = races_wait(races_start(role));

    toll_check(status == wanted, "the child %s ended with status %#x instead of %#x", role, status, wanted);
}

void races_programs(void)
{
    pid_t first = races_start("nothing");

    if (first == 0)
        return;
    races_wait(first);
    ends_with("fresh", 0);
    ends_with("mark_exec", 0);
    ends_with("mark_spawn", 0);
    ends_with("trap", SIGTRAP);
    ends_with("null", SIGSEGV);
}

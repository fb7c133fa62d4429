/* SPDX-License-Identifier: MIT */
/*
 * hook.c: exercises what the hooked musl does in its own way: threads (joined, detached), posix_spawn, cancellation
 * points, clocks, and zlib on top.  Run by run.sh as a Linux process, over an os_syscall made of a syscall instruction.
 * Prints one line a step; exits 0 if every step went as it should.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define CHILD_STATUS 7

extern char **environ;
static int failures;
static volatile int detached_ran;

static void expect(int ok, const char *what)
{
    printf("%s: %s\n", ok ? "ok" : "FAILED", what);
    failures += !ok;
}

static void *joined(void *arg)
{
    *(int *)arg += 41;
    return arg;
}

static void *detached(void *arg)
{
    detached_ran = 1;
    return arg;
}

static void *cancelled(void *arg)
{
    pthread_cancel(pthread_self());
    write(-1, arg, 0); /* a cancellation point */
    return NULL;
}

static void test_threads(void)
{
    struct timespec nap = {.tv_nsec = 1000000};
    pthread_attr_t attributes;
    pthread_t thread;
    void *result;
    int value = 1;

    expect(!pthread_create(&thread, NULL, joined, &value) && !pthread_join(thread, &result), "a thread ran");
    expect(value == 42 && result == &value, "it got its argument and gave its result");
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    expect(!pthread_create(&thread, &attributes, detached, NULL), "a detached thread started");
    for (int i = 0; i < 1000 && !detached_ran; i++)
        nanosleep(&nap, NULL);
    nanosleep(&nap, NULL);
    expect(detached_ran, "it ran, and its end left the process alive");
    expect(!pthread_create(&thread, NULL, cancelled, NULL) && !pthread_join(thread, &result), "a third thread ran");
    expect(result == PTHREAD_CANCELED, "it was cancelled");
}

static void test_processes(char *self)
{
    char *argv[] = {self, "child", NULL};
    int status;
    pid_t child;

    fflush(stdout);
    expect(!posix_spawn(&child, self, NULL, NULL, argv, environ) && waitpid(child, &status, 0) == child,
           "a process ran");
    expect(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS, "its status arrived");
    expect(posix_spawn(&child, "/nonexistent", NULL, NULL, argv, environ) == ENOENT, "a missing program is an error");
}

static void test_library(void)
{
    static const char text[] = "over and over and over and over and over";
    unsigned char packed[100], plain[100];
    uLongf packed_bytes = sizeof(packed), plain_bytes = sizeof(plain);
    struct timespec now;

    expect(!clock_gettime(CLOCK_MONOTONIC, &now), "the clock can be read");
    expect(getpid() > 0, "the process has a number");
    expect(close(-1) == -1 && errno == EBADF, "an error becomes errno");
    expect(compress(packed, &packed_bytes, (const unsigned char *)text, sizeof(text)) == Z_OK &&
               uncompress(plain, &plain_bytes, packed, packed_bytes) == Z_OK && !memcmp(plain, text, sizeof(text)),
           "zlib gives back what it was given");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return CHILD_STATUS;
    test_threads();
    test_processes(argv[0]);
    test_library();
    return failures != 0;
}

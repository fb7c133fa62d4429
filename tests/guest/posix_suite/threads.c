/* SPDX-License-Identifier: MIT */
/* threads.c: threads that share, wait for each other, and wait in vain. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 6
#define ROUNDS 500
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned total, turn;
static __thread unsigned own = 7;

static void *add(void *arg)
{
    unsigned long value = (unsigned long)arg;

    own += (unsigned)value;
    for (unsigned i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        unsigned seen = total;
        if (i % 50 == 0)
            sched_yield();
        total = seen + 1;
        pthread_mutex_unlock(&lock);
    }
    return (void *)(unsigned long)own;
}

static void counting(void)
{
    pthread_t threads[THREADS];
    void *result;
    unsigned long sum = 0;

    for (unsigned long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, add, (void *)i) != 0)
            suite_line("thread %lu cannot be made", i);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        sum += (unsigned long)result;
    }
    CALL(total);
    CALL(sum);
    CALL(own);
}

/* Each thread waits for its turn and passes it on. */
static void *relay(void *arg)
{
    unsigned long mine = (unsigned long)arg;

    for (unsigned round = 0; round < 20; round++) {
        pthread_mutex_lock(&lock);
        while (turn % 3 != mine)
            pthread_cond_wait(&changed, &lock);
        turn++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void taking_turns(void)
{
    pthread_t threads[3];

    for (unsigned long i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, relay, (void *)i);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CALL(turn);
}

static void waiting_in_vain(void)
{
    struct timespec until, brief = {.tv_nsec = 2000000};
    int word = 5;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 2000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&lock);
    ERROR(pthread_cond_timedwait(&changed, &lock, &until));
    pthread_mutex_unlock(&lock);
    CALL(syscall(SYS_futex, &word, FUTEX_WAIT, 4, NULL));
    CALL(syscall(SYS_futex, &word, FUTEX_WAIT, 5, &brief));
    CALL(syscall(SYS_futex, &word, FUTEX_WAKE, 1));
    CALL(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 5, &brief));
    CALL(syscall(SYS_futex, NOWHERE, FUTEX_WAIT, 5, &brief));
    CALL(syscall(SYS_futex, &word, 99, 5, &brief));
    pthread_mutex_lock(&lock);
    ERROR(pthread_mutex_trylock(&lock));
    ERROR(pthread_mutex_timedlock(&lock, &until));
    pthread_mutex_unlock(&lock);
}

/* One thread sleeps in a pipe until the other writes. */
static void *reader(void *arg)
{
    static char text[8];

    return read(*(int *)arg, text, sizeof text) > 0 ? text : NULL;
}

static void through_a_pipe(void)
{
    pthread_t thread;
    void *text = NULL;
    int ends[2];

    CALL(pipe(ends));
    ERROR(pthread_create(&thread, NULL, reader, &ends[0]));
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    CALL(write(ends[1], "come", 5));
    ERROR(pthread_join(thread, &text));
    suite_line("it read '%s'", text ? (char *)text : "nothing");
    CALL(close(ends[0]));
    CALL(close(ends[1]));
}

/* A thread that only computes must not keep the others from running. */
static void *spin(void *flag)
{
    while (!*(volatile int *)flag)
        ;
    return NULL;
}

static void preemption(void)
{
    pthread_t thread;
    volatile int stop = 0;

    ERROR(pthread_create(&thread, NULL, spin, (void *)&stop));
    for (unsigned i = 0; i < 3; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    stop = 1;
    ERROR(pthread_join(thread, NULL));
}

void suite_threads(void)
{
    suite_line("# threads");
    counting();
    taking_turns();
    waiting_in_vain();
    through_a_pipe();
    preemption();
}

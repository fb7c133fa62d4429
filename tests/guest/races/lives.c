/* SPDX-License-Identifier: MIT */
/* lives.c: processes that end while others look, wait or kill. */
#include "races/races.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 10
#define FOLLOWERS 4
#define LEFT_MS 2000

/* Whether a child in that role ends as it should. */
static void expect(const char *role, int status)
{
    pid_t child = races_start(role);
    int got = races_wait(child);

    toll_check(got == status, "the child %s ended with status %#x", role, got);
}

/* A process kills its child in the middle of something and ends; then others take the memory of both. */
static void killers(const char *role)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        pid_t followers[FOLLOWERS];
        expect(role, 0);
        for (unsigned f = 0; f < FOLLOWERS; f++)
            followers[f] = races_start("nothing");
        for (unsigned f = 0; f < FOLLOWERS; f++)
            toll_check(races_wait(followers[f]) == 0, "a child that does nothing ended badly after %s", role);
    }
}

/* A child is asked for again and again while it ends, which takes it a while: another one keeps the disk busy. */
static void asked_for(void)
{
    pid_t writer = races_start("writer");

    for (unsigned i = 0; i < 3 * ROUNDS; i++) {
        pid_t child = races_start("leaver"), got;
        int status = -1;
        while ((got = waitpid(child, &status, WNOHANG)) == 0)
            sched_yield();
        toll_check(got == child && WIFEXITED(status) && WEXITSTATUS(status) == 3,
                   "a child that ends with 3 while it is waited for gave %d, status %#x", got, status);
        toll_check(kill(child, 0) == -1 && errno == ESRCH, "a child that was waited for is still there");
        toll_check(waitpid(child, &status, WNOHANG) == -1 && errno == ECHILD, "a child was waited for twice");
        expect("nothing", 0);
    }
    kill(writer, SIGKILL);
    toll_check(races_wait(writer) == SIGKILL, "a child that was killed did not die of it");
}

/* Nobody is left of all that were started since first. */
static void nobody_left(pid_t first)
{
    pid_t last = races_start("nothing");

    races_wait(last);
    for (pid_t p = first; p <= last; p++) {
        unsigned ms = 0;
        while (kill(p, 0) == 0 && ms++ < LEFT_MS)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        toll_check(ms < LEFT_MS, "process %d never ends", p);
    }
    toll_check(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "there are children that were never waited for");
}

void races_lives(void)
{
    pid_t first = races_start("nothing");

    if (first == 0)
        return;
    races_wait(first);
    killers("kill_reader");
    killers("kill_writer");
    killers("kill_yielder");
    asked_for();
    nobody_left(first);
}

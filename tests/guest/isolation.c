/* SPDX-License-Identifier: MIT */
/*
 * isolation: what a process must not be able to do.  For every attempt this program starts itself anew; the child
 * tries, and must die of it by a signal, while this process and the system go on.  Last, a child that computes for
 * ever must leave this one its turns and end when it is killed.
 *
 *   only=NAME   one attempt
 *   common=1    the first domain is not the process's own, but common to all
 */
#include "isolation/attempts.h"
#include "toll.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SURVIVED 99

static int child_start(const char *what, pid_t *child)
{
    char word[64];
    char *const argv[] = {(char *)toll_self(), "peer=1", word, NULL};

    snprintf(word, sizeof word, "attempt=%s", what);
    return posix_spawn(child, toll_self(), NULL, NULL, argv, environ);
}

static unsigned tried, stopped;

static void attempt(const char *name, const char *only)
{
    pid_t child;
    int status = 0, error;

    if (only && strcmp(only, name) != 0)
        return;
    tried++;
    error = child_start(name, &child);
    if (error) {
        toll_check(false, "%s: the child cannot be started: %s", name, strerror(error));
        return;
    }
    bool waited = waitpid(child, &status, 0) == child;
    toll_check(waited, "%s: the child cannot be waited for", name);
    toll_check(WIFSIGNALED(status), "%s: the child was not stopped: status %#x", name, status);
    stopped += waited && WIFSIGNALED(status);
}

/* What a legal child does: the same way must be open for it. */
static void innocent(void)
{
    pid_t child;
    int status = 0;

    toll_check(child_start("nothing", &child) == 0 && waitpid(child, &status, 0) == child, "no children");
    toll_check(WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED, "an innocent child ended with status %#x", status);
}

static void endless(void)
{
    pid_t child;
    int status = 0;

    toll_check(child_start("endless", &child) == 0, "the endless child cannot be started");
    for (unsigned i = 0; i < 5; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        toll_check(waitpid(child, &status, WNOHANG) == 0, "the endless child has ended");
    }
    toll_check(kill(child, SIGKILL) == 0, "the endless child cannot be killed");
    toll_check(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
               "the endless child ended with status %#x", status);
}

static int child_run(const char *what)
{
    if (strcmp(what, "endless") == 0)
        for (;;)
            __asm__ volatile("");
    for (const struct attempt *a = attempts; a->name; a++)
        if (strcmp(a->name, what) == 0)
            a->run();
    place_try(what);
    return SURVIVED;
}

int main(int argc, char **argv)
{
    char name[64];
    pid_t child;
    int status;

    toll_main(argc, argv, "isolation");
    const char *what = toll_arg("attempt", NULL), *only = toll_arg("only", NULL), *common = toll_arg("common", NULL);
    if (what)
        return child_run(what);
    if (child_start("nothing", &child) == ENOSYS)
        toll_skip("no processes here: there is nothing to keep apart");
    waitpid(child, &status, 0);
    innocent();
    for (const struct attempt *a = attempts; a->name; a++)
        attempt(a->name, only);
    for (unsigned n = 0; place_name(n, name, sizeof name); n++)
        if (common || strcmp(name, "write_common_page") != 0)
            attempt(name, only);
    endless();
    innocent();
    toll_value("attempts_stopped", "attempts", stopped);
    toll_check(stopped == tried && tried > 0, "%u of %u attempts were stopped", stopped, tried);
    toll_output(&stopped, sizeof stopped);
    return toll_done();
}

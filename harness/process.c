/* SPDX-License-Identifier: MIT */
/*
 * process.c: children.  The child's end is watched through a pidfd, so that one poll covers it, the clock and the
 * interruption.  Signals are never read from their descriptor: it stays readable, and every thread sees it.
 */
#include "process.h"
#include "clock.h"
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCH_MS 200
#define ASK_MS 10000
#define GRACE_MS 1000 /* between SIGTERM and SIGKILL */

static void move_fd(int from, int to)
{
    int fd = from >= 0 ? from : open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd >= 0 && fd != to)
        dup2(fd, to);
    else if (fd == to)
        fcntl(fd, F_SETFD, 0);
}

/* In the child: only calls that are safe after a fork of a program with threads. */
static _Noreturn void child_exec(char *const argv[], const struct process_options *options, int report)
{
    sigset_t none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    move_fd(-1, 0);
    move_fd(options->out, 1);
    move_fd(options->err, 2);
    if (options->keep > 0)
        fcntl(options->keep, F_SETFD, 0);
    if (options->keep_too > 0)
        fcntl(options->keep_too, F_SETFD, 0);
    execvp(argv[0], argv);
    if (write(report, &errno, sizeof(errno)) < 0)
        _exit(126);
    _exit(127);
}

static pid_t child_start(char *const argv[], const struct process_options *options, struct error *error)
{
    int report[2], number = 0;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC))
        return file_error(error, "make a pipe for", argv[0]);
    pid = fork();
    if (pid == 0)
        child_exec(argv, options, report[1]);
    close(report[1]);
    if (pid < 0)
        file_error(error, "start", argv[0]);
    else if (read(report[0], &number, sizeof(number)) == sizeof(number)) {
        waitpid(pid, NULL, 0);
        pid = error_set(error, TOLL_HOST, "cannot run %s: %s; `make deps` installs what toll needs", argv[0],
                        strerror(number));
    }
    close(report[0]);
    return pid;
}

/* Whether to stop now, and if so why. */
static int limit_reached(const struct process_options *options, int64_t deadline, struct process_end *end)
{
    if (process_cancelled(options->cancel))
        end->outcome = PROCESS_INTERRUPTED;
    else if (options->watch_path && file_size(options->watch_path) > options->watch_bytes)
        end->outcome = PROCESS_FLOODED;
    else if (options->timeout_ms > 0 && clock_now_ms() >= deadline)
        end->outcome = PROCESS_TIMED_OUT;
    else
        return 0;
    return 1;
}

static int next_wait_ms(const struct process_options *options, int64_t deadline)
{
    int64_t wait = options->timeout_ms > 0 ? deadline - clock_now_ms() : -1;

    if (options->watch_path && (wait < 0 || wait > WATCH_MS))
        wait = WATCH_MS;
    return wait < 0 && options->timeout_ms > 0 ? 0 : (int)wait;
}

static void group_stop(pid_t pid, int pidfd)
{
    struct pollfd poll_child = {.fd = pidfd, .events = POLLIN};

    kill(-pid, SIGTERM);
    if (poll(&poll_child, 1, GRACE_MS) <= 0)
        kill(-pid, SIGKILL);
}

static void child_wait(pid_t pid, int pidfd, const struct process_options *options, struct process_end *end)
{
    int64_t deadline = clock_now_ms() + options->timeout_ms;
    struct pollfd waits[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = options->cancel, .events = POLLIN}};

    while (!(waits[0].revents & POLLIN)) {
        if (limit_reached(options, deadline, end)) {
            group_stop(pid, pidfd);
            return;
        }
        if (poll(waits, 2, next_wait_ms(options, deadline)) < 0)
            waits[0].revents = 0;
    }
    end->outcome = PROCESS_EXITED;
}

int process_run(char *const argv[], const struct process_options *options, struct process_end *end, struct error *error)
{
    pid_t pid = child_start(argv, options, error);
    int status = 0, pidfd;

    if (pid < 0)
        return -1;
    pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        file_error(error, "watch", argv[0]);
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return -1;
    }
    *end = (struct process_end){.outcome = PROCESS_EXITED};
    if (options->started)
        options->started(options->context, pid);
    child_wait(pid, pidfd, options, end);
    kill(-pid, SIGKILL); /* whatever it left behind, before its number can be another's */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(pidfd);
    if (end->outcome == PROCESS_EXITED) {
        end->outcome = WIFSIGNALED(status) ? PROCESS_SIGNALLED : PROCESS_EXITED;
        end->value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
    return 0;
}

char *process_capture(struct arena *arena, char *const argv[], const struct process_options *options,
                      struct process_end *end, struct error *error)
{
    struct process_options with_output = *options;
    int fd = memfd_create("output", MFD_CLOEXEC);
    char path[64], *text = NULL;

    if (fd < 0) {
        file_error(error, "hold the output of", argv[0]);
        return NULL;
    }
    with_output.out = with_output.err = fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (process_run(argv, &with_output, end, error) == 0)
        text = file_read(arena, path, NULL, error);
    close(fd);
    return text;
}

char *process_ask(struct arena *arena, int cancel, const char *const words[])
{
    struct process_options options = {.cancel = cancel, .timeout_ms = ASK_MS};
    struct process_end end;
    struct error error;
    char *text = process_capture(arena, (char *const *)(uintptr_t)words, &options, &end, &error);

    return text && end.outcome == PROCESS_EXITED && end.value == 0 ? text : NULL;
}

char *process_explain(struct arena *arena, const struct process_end *end)
{
    switch (end->outcome) {
    case PROCESS_EXITED:
        return arena_print(arena, "exit status %d", end->value);
    case PROCESS_SIGNALLED:
        return arena_print(arena, "signal %d (%s)", end->value, strsignal(end->value));
    case PROCESS_TIMED_OUT:
        return arena_copy(arena, "timed out");
    case PROCESS_INTERRUPTED:
        return arena_copy(arena, "interrupted");
    case PROCESS_FLOODED:
        break;
    }
    return arena_copy(arena, "too much output");
}

int process_catch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int process_cancelled(int cancel)
{
    struct pollfd wait = {.fd = cancel, .events = POLLIN};

    return cancel >= 0 && poll(&wait, 1, 0) > 0;
}

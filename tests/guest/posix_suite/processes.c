/* SPDX-License-Identifier: MIT */
/* processes.c: starting this program anew, with other files, and how it ends. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int role_environment(void)
{
    const char *value = getenv("SUITE");

    return value && strcmp(value, "yes") == 0 ? 11 : 12;
}

/* Speaks on descriptor 7 and listens on 6. */
static int role_echo(void)
{
    char text[32];
    ssize_t n = read(6, text, sizeof text);

    for (ssize_t i = 0; i < n; i++)
        text[i] ^= 0x20;
    return n > 0 && write(7, text, (size_t)n) == n && fcntl(9, F_GETFD) < 0 ? 0 : 1;
}

/* Leaves what it wrote to a shared mapping, without unmapping it. */
static int role_mapping(void)
{
    int fd = open("shared", O_RDWR);
    char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (m == MAP_FAILED)
        return 1;
    memcpy(m, "by the child", 12);
    return 0;
}

static int role_exec(void)
{
    char *const argv[] = {(char *)toll_self(), "peer=1", "role=exit3", NULL}, *const none[] = {NULL};

    if (execve("missing", argv, none) != -1 || errno != ENOENT)
        return 1;
    execve(toll_self(), argv, none);
    return 2;
}

int suite_child(const char *role)
{
    if (strcmp(role, "exit3") == 0)
        return 3;
    if (strcmp(role, "environment") == 0)
        return role_environment();
    if (strcmp(role, "echo") == 0)
        return role_echo();
    if (strcmp(role, "mapping") == 0)
        return role_mapping();
    if (strcmp(role, "exec") == 0)
        return role_exec();
    if (strcmp(role, "abort") == 0)
        abort();
    if (strcmp(role, "segment") == 0)
        *(volatile int *)NOWHERE = 1;
    if (strcmp(role, "pipe") == 0)
        return write(7, "x", 1) == 1 ? 1 : 2;
    if (strcmp(role, "terminate") == 0)
        raise(SIGTERM);
    for (;;)
        if (strcmp(role, "sleep") == 0)
            pause();
}

static pid_t start(const char *role, const posix_spawn_file_actions_t *actions)
{
    char word[40];
    char *const argv[] = {(char *)toll_self(), "peer=1", word, NULL};
    char *const environment[] = {"SUITE=yes", NULL};
    pid_t child = -1;

    snprintf(word, sizeof word, "role=%s", role);
    int error = posix_spawn(&child, toll_self(), actions, NULL, argv, environment);
    if (error)
        suite_line("%s cannot be started: %d", role, error);
    return child;
}

static void say_end(const char *role, pid_t child)
{
    int status = 0;
    pid_t ended = waitpid(child, &status, 0);

    suite_line("%s: waited %s, %s %d", role, ended == child ? "for it" : "in vain",
               WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void ends(void)
{
    static const char *const roles[] = {"exit3", "environment", "segment", "terminate", "abort", "exec"};

    for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++)
        say_end(roles[i], start(roles[i], NULL));
}

static void killing(void)
{
    pid_t child = start("sleep", NULL), other = start("spin", NULL);
    int status;

    CALL(waitpid(child, &status, WNOHANG));
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    CALL(waitpid(-1, &status, WNOHANG));
    CALL(kill(child, 0));
    CALL(kill(child, SIGTERM));
    CALL(kill(other, SIGKILL));
    say_end("sleep", child);
    say_end("spin", other);
    suite_result("kill of a process that was", kill(child, 0));
    CALL(waitpid(-1, &status, 0));
    CALL(waitpid(-1, &status, WNOHANG));
}

static void files_of_a_child(void)
{
    posix_spawn_file_actions_t actions;
    int to[2], from[2], extra = open(".", O_RDONLY | O_CLOEXEC);
    char text[16] = "";

    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 || dup3(extra, 9, O_CLOEXEC) != 9)
        return;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 6);
    posix_spawn_file_actions_adddup2(&actions, from[1], 7);
    pid_t child = start("echo", &actions);
    CALL(close(to[0]));
    CALL(close(from[1]));
    CALL(write(to[1], "HELLO", 5));
    CALL(read(from[0], text, sizeof text));
    suite_line("it says '%s'", text);
    CALL(read(from[0], text, sizeof text));
    say_end("echo", child);
    posix_spawn_file_actions_destroy(&actions);
    close(to[1]);
    close(from[0]);
    close(extra);
    close(9);
}

static void broken_pipe(void)
{
    posix_spawn_file_actions_t actions;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    close(ends[0]);
    signal(SIGPIPE, SIG_DFL);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 7);
    say_end("pipe", start("pipe", &actions));
    posix_spawn_file_actions_destroy(&actions);
    signal(SIGPIPE, SIG_IGN);
    close(ends[1]);
}

static void leaving_a_mapping(void)
{
    char text[12] = "";
    int fd = open("shared", O_RDWR | O_CREAT, 0644);

    CALL(ftruncate(fd, 4096));
    say_end("mapping", start("mapping", NULL));
    CALL(pread(fd, text, sizeof text, 0));
    suite_line("file: '%.12s'", text);
    CALL(close(fd));
    CALL(unlink("shared"));
}

static void not_programs(void)
{
    char *const argv[] = {"x", NULL};
    pid_t child;
    int fd = open("text", O_WRONLY | O_CREAT, 0755);

    CALL(write(fd, "not a program at all, but long enough to be looked at as one: .............", 70));
    CALL(close(fd));
    ERROR(posix_spawn(&child, "text", NULL, NULL, argv, argv));
    CALL(chmod("text", 0644));
    ERROR(posix_spawn(&child, "text", NULL, NULL, argv, argv));
    ERROR(posix_spawn(&child, "missing", NULL, NULL, argv, argv));
    ERROR(posix_spawn(&child, ".", NULL, NULL, argv, argv));
    CALL(execve("text", argv, argv));
    CALL(unlink("text"));
}

void suite_processes(void)
{
    suite_line("# processes");
    ends();
    killing();
    files_of_a_child();
    broken_pipe();
    leaving_a_mapping();
    not_programs();
}

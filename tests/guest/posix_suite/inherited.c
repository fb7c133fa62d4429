/* SPDX-License-Identifier: MIT */
/*
 * inherited.c: sockets that go along to a process that is started: a listener, a connection whose other holder closes
 * its own, one that both hold, and one that one of them ends.  What the child has is at descriptor 6.
 */
#include "posix_suite/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIVEN 6
#define KEPT 9 /* of the parent alone */

static char text[32];
static int listener, client, server;

/* Sends back what comes once, in capitals. */
static int answer(int fd)
{
    char word[16];
    ssize_t n = read(fd, word, sizeof word);

    for (ssize_t i = 0; i < n; i++)
        word[i] ^= 0x20;
    return n > 0 && write(fd, word, (size_t)n) == n && fcntl(KEPT, F_GETFD) < 0 ? 0 : 1;
}

int suite_child_socket(const char *role)
{
    if (strcmp(role, "socket") == 0)
        return answer(GIVEN);
    if (strcmp(role, "socket-end") == 0)
        return shutdown(GIVEN, SHUT_WR) == 0 ? 0 : 1;
    if (strcmp(role, "listener") == 0) {
        int fd = accept(GIVEN, NULL, NULL);
        return fd < 0 ? 2 : answer(fd);
    }
    return -1;
}

static pid_t start(const char *role, int given)
{
    posix_spawn_file_actions_t actions;
    char word[40];
    char *const argv[] = {(char *)toll_self(), "peer=1", word, NULL}, *const none[] = {NULL};
    pid_t child = -1;

    snprintf(word, sizeof word, "role=%s", role);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, given, GIVEN);
    ERROR(posix_spawn(&child, toll_self(), &actions, NULL, argv, none));
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

static void say_end(pid_t child)
{
    int status = -1;

    TRUTH(waitpid(child, &status, 0) == child);
    suite_line("it ended with %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void connect_here(void)
{
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CALL(at(connect, client, PORT));
    server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    TRUTH(server >= 0);
}

static void say(const char *word)
{
    suite_result("write", write(client, word, strlen(word)));
    ssize_t n = read(client, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    suite_line("'%s' came", text);
}

static void connection_given(void)
{
    connect_here();
    pid_t child = start("socket", server);
    CALL(close(server));
    say("given");
    CALL(read(client, text, sizeof text)); /* its end: nobody else had it */
    say_end(child);
    CALL(close(client));
}

static void connection_shared(void)
{
    connect_here();
    pid_t child = start("socket", server);
    say("shared");
    say_end(child);
    CALL(recv(client, text, sizeof text, MSG_DONTWAIT)); /* it is not over */
    CALL(write(server, "mine", 4));
    CALL(read(client, text, sizeof text));
    child = start("socket-end", server);
    say_end(child);
    CALL(read(client, text, sizeof text)); /* over for all who had it, in this direction */
    CALL(write(server, "no", 2));
    CALL(write(client, "yes", 3));
    CALL(read(server, text, sizeof text));
    CALL(close(server));
    CALL(close(client));
}

static void listener_given(void)
{
    pid_t child = start("listener", listener);

    CALL(close(listener));
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CALL(at(connect, client, PORT));
    say("listener");
    say_end(child);
    CALL(close(client));
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CALL(at(connect, client, PORT)); /* it went with the child */
    CALL(close(client));
}

void suite_inherited(void)
{
    suite_line("# sockets of two processes");
    signal(SIGPIPE, SIG_IGN);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    CALL(at(bind, listener, PORT));
    CALL(listen(listener, 8));
    TRUTH(fcntl(listener, F_DUPFD_CLOEXEC, KEPT) == KEPT);
    connection_given();
    connection_shared();
    CALL(close(KEPT));
    listener_given();
}

/* SPDX-License-Identifier: MIT */
/*
 * serve.c: runs one of the distribution's own servers in the baseline as if it were a workload, for the same clients.
 *
 *      serve redis-server name=kv_get ops=1000 warm=300 sync=none [dir=.]
 *      serve nginx name=web_1k ops=1000 warm=100 root=www date=0
 *
 * Such a server executes no marks and says no records.  So this program, beside it, says them all, and the clients tell
 * when a window begins and ends (the steps of wire.h).  It sleeps in between; what its steps cost in the window is
 * measured in another one just before, in which nothing is asked.
 *
 * Words are what the stanza gives to our own program of this kind; how each server is told the same stands in `kinds`
 * and in its configuration (servers/etc).
 */
#include "../include/wire.h"
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 24
#define LISTEN_MS 30000 /* of the guest's time, until a server must listen */
#define LEAVE_MS 30000
#define TCP_LISTEN 10 /* a socket's state in /proc/net/tcp (include/net/tcp_states.h) */

struct kind {
    const char *name, *path;
    unsigned port;
    const char *const *keys; /* that it understands, besides name, ops and warm */
    const char *const *argv;
};

static const char *const redis_keys[] = {"sync", "dir", NULL};
static const char *const redis_argv[] = {"redis-server", "/etc/redis.conf", NULL};
static const char *const nginx_keys[] = {"root", "date", NULL};
static const char *const nginx_argv[] = {"nginx", "-c", "/etc/nginx.conf", NULL};
static const struct kind kinds[] = {
    {"redis-server", "/usr/bin/redis-server", 6379, redis_keys, redis_argv},
    {"nginx", "/usr/sbin/nginx", 80, nginx_keys, nginx_argv},
};

static int word_count;
static char **words;
static const char *name = "serve";

static const char *word(const char *key, const char *fallback)
{
    size_t n = strlen(key);

    for (int i = 2; i < word_count; i++)
        if (!strncmp(words[i], key, n) && words[i][n] == '=')
            return words[i] + n + 1;
    return fallback;
}

static void record(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void record(const char *format, ...)
{
    char line[WIRE_LINE_MAX] = WIRE_PREFIX;
    size_t n = strlen(line);
    va_list args;

    va_start(args, format);
    vsnprintf(line + n, sizeof(line) - n - 1, format, args);
    va_end(args);
    n = strlen(line);
    line[n++] = '\n';
    if (write(STDOUT_FILENO, line, n) < 0)
        exit(EXIT_FAILURE); /* nowhere left to complain to */
}

/* The last record: status ok, fail or skip, with a reason. */
static _Noreturn void finish(const char *status, const char *format, ...) __attribute__((format(printf, 2, 3)));
static _Noreturn void finish(const char *status, const char *format, ...)
{
    char reason[WIRE_LINE_MAX / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    record("done %s %s%s%s", name, status, *reason ? " " : "", reason);
    exit(strcmp(status, "fail") ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- the server ---- */

static const struct kind *kind_find(const char *text)
{
    for (size_t i = 0; text && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(kinds[i].name, text))
            return &kinds[i];
    finish("fail", "serve: %s: expected redis-server or nginx", text ? text : "no server");
}

static bool is_key(const struct kind *kind, const char *text)
{
    static const char *const common[] = {"name", "ops", "warm", NULL};
    const char *const *lists[] = {common, kind->keys};

    for (size_t l = 0; l < 2; l++)
        for (const char *const *key = lists[l]; *key; key++)
            if (!strncmp(text, *key, strlen(*key)) && text[strlen(*key)] == '=')
                return true;
    return false;
}

static size_t add(const char **argv, size_t n, const char *const *more)
{
    for (; *more && n < ARGS_MAX; more++)
        argv[n++] = *more;
    return n;
}

/* nginx knows no variable for it: a line that its configuration includes. */
static void write_root(void)
{
    FILE *file = fopen("/etc/root.conf", "we");

    if (!file || fprintf(file, "root /disk/%s;\n", word("root", "www")) < 0 || fclose(file))
        finish("fail", "serve: /etc/root.conf: %s", strerror(errno));
}

/* redis-server seeds its hash tables with what it reads from here, and how long their chains are follows from that. */
static void fix_random(void)
{
    FILE *file;

    unlink("/dev/urandom");
    file = fopen("/dev/urandom", "we");
    if (!file || fprintf(file, "%064d", 1) < 0 || fclose(file))
        finish("fail", "serve: /dev/urandom: %s", strerror(errno));
}

/* The program's words for what the stanza asks for. */
static void arguments(const struct kind *kind, const char **argv)
{
    const char *sync = word("sync", "none");
    size_t n = add(argv, 0, kind->argv);

    if (kind->keys == nginx_keys)
        write_root();
    else if (strcmp(sync, "none") != 0) /* a log for each workload, or one would find another's */
        n = add(argv, n,
                (const char *const[]){"--appendonly", "yes", "--appendfsync",
                                      strcmp(sync, "commit") ? "everysec" : "always", "--dir", word("dir", "."),
                                      "--appenddirname", name, NULL});
    argv[n] = NULL;
}

static pid_t server_start(const struct kind *kind)
{
    const char *argv[ARGS_MAX + 1];
    pid_t child;

    arguments(kind, argv);
    fix_random();
    child = fork();
    if (child == 0) {
        execve(kind->path, (char *const *)argv, (char *[]){"PATH=/bin", NULL});
        _exit(127);
    }
    if (child < 0)
        finish("fail", "%s cannot be started: %s", kind->name, strerror(errno));
    return child;
}

static void check_alive(const struct kind *kind, pid_t server)
{
    int status;

    if (waitpid(server, &status, WNOHANG) != server)
        return;
    if (WIFSIGNALED(status))
        finish("fail", "%s was killed by signal %d", kind->name, WTERMSIG(status));
    finish("fail", "%s left with status %d", kind->name, WEXITSTATUS(status));
}

/* Asks the system and not the server, which would see a connection. */
static bool is_listening(unsigned port)
{
    FILE *file = fopen("/proc/net/tcp", "re");
    char line[256];
    unsigned at, state;
    bool found = false;

    while (file && fgets(line, sizeof(line), file))
        found |= sscanf(line, " %*u: %*x:%x %*x:%*x %x", &at, &state) == 2 && at == port && state == TCP_LISTEN;
    if (file)
        fclose(file);
    return found;
}

static void wait_listening(const struct kind *kind, pid_t server)
{
    for (unsigned ms = 0; !is_listening(kind->port); ms++) {
        if (ms == LISTEN_MS)
            finish("fail", "%s does not listen on port %u", kind->name, kind->port);
        check_alive(kind, server);
        usleep(1000);
    }
}

static void server_end(const struct kind *kind, pid_t server)
{
    int status;

    kill(server, SIGTERM);
    for (unsigned ms = 0; waitpid(server, &status, WNOHANG) != server; ms++) {
        if (ms == LEAVE_MS)
            finish("fail", "%s does not end when it is told to", kind->name);
        usleep(1000);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        finish("fail", "%s ended with status %#x", kind->name, (unsigned)status);
}

/* ---- the steps ---- */

static int steps_open(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(WIRE_STEP_PORT)};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (s < 0 || bind(s, (const struct sockaddr *)&at, sizeof(at)))
        finish("fail", "serve: port %d: %s", WIRE_STEP_PORT, strerror(errno));
    return s;
}

/* Servers have timers of their own, ten times a second or less: so that windows lie at the same places between these in
   each boot they begin at a round time of the guest's clock.  Waiting costs nothing: the clock jumps. */
static void wait_for_round_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += 1;
    t.tv_nsec = 0;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void step_do(unsigned step)
{
    switch (step) {
    case WIRE_STEP_TRY_BEGIN:
    case WIRE_STEP_EMPTY_BEGIN:
    case WIRE_STEP_BEGIN:
        wait_for_round_time();
        WIRE_MARK(WIRE_MARK_BEGIN);
        break;
    case WIRE_STEP_TRY_END:
    case WIRE_STEP_EMPTY_END:
    case WIRE_STEP_END:
        WIRE_MARK(WIRE_MARK_END);
        break;
    }
}

/* Until the clients have had enough. */
static void steps_serve(int s)
{
    unsigned char done = 0, step;
    struct sockaddr_in from;
    socklen_t n;

    while (done != WIRE_STEP_LEAVE) {
        n = sizeof(from);
        if (recvfrom(s, &step, 1, 0, (struct sockaddr *)&from, &n) != 1)
            continue;
        if (step == done + 1) {
            step_do(step);
            done = step;
        }
        if (step <= done)
            sendto(s, &step, 1, 0, (const struct sockaddr *)&from, n);
    }
}

int main(int argc, char **argv)
{
    const struct kind *kind;
    pid_t server;
    int steps;

    word_count = argc;
    words = argv;
    name = word("name", name);
    WIRE_MARK(WIRE_MARK_MAIN);
    record("main %s", name);
    kind = kind_find(argc > 1 ? argv[1] : NULL);
    for (int i = 2; i < argc; i++)
        if (!is_key(kind, argv[i]))
            finish("fail", "serve: %s: %s cannot be told this", argv[i], kind->name);
    if (access(kind->path, X_OK))
        finish("skip", "Debian's %s was not to be had when this was built (harness/deps/servers.sh)", kind->name);
    server = server_start(kind);
    wait_listening(kind, server);
    steps = steps_open();
    record("listen tcp %u", kind->port);
    steps_serve(steps);
    server_end(kind, server);
    record("window %s", word("ops", "0"));
    finish("ok", "%s", "");
}

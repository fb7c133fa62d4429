/* SPDX-License-Identifier: MIT */
/*
 * qmp.c: one JSON object a line, in both directions (QEMU, docs/interop/qmp-spec).  Events come between answers and
 * are skipped.
 */
#include "qmp.h"
#include "clock.h"
#include "file.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int qmp_pair(int *ours, int *theirs, struct error *error)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return file_error(error, "make", "a socket for QEMU's monitor");
    *ours = pair[0];
    *theirs = pair[1];
    return 0;
}

/* Waits for more bytes; 0, 1 at the end of QEMU or an interruption, -1 when it is late or says too much. */
static int more_read(struct qmp *qmp, struct error *error)
{
    struct pollfd waits[2] = {{.fd = qmp->fd, .events = POLLIN}, {.fd = qmp->cancel, .events = POLLIN}};
    int64_t left = qmp->deadline_ms - clock_now_ms();
    ssize_t n;

    if (left <= 0 || qmp->used == sizeof(qmp->buffer))
        return error_set(error, TOLL_HOST, "QEMU's monitor %s",
                         left <= 0 ? "did not answer in time" : "answered at too great a length");
    if (poll(waits, 2, (int)left) < 0 && errno != EINTR)
        return file_error(error, "wait for", "QEMU's monitor");
    if (waits[1].revents & POLLIN)
        return 1;
    if (!waits[0].revents)
        return 0;
    n = read(qmp->fd, qmp->buffer + qmp->used, sizeof(qmp->buffer) - qmp->used);
    if (n <= 0)
        return 1;
    qmp->used += (size_t)n;
    return 0;
}

/* The next line as JSON; returns like more_read. */
static int line_read(struct qmp *qmp, json_t **json, struct error *error)
{
    char *end;
    size_t length;

    while (!(end = memchr(qmp->buffer, '\n', qmp->used))) {
        int result = more_read(qmp, error);

        if (result)
            return result;
    }
    length = (size_t)(end - qmp->buffer) + 1;
    *json = json_loadb(qmp->buffer, length, 0, NULL);
    memmove(qmp->buffer, end + 1, qmp->used - length);
    qmp->used -= length;
    return *json ? 0 : error_set(error, TOLL_HOST, "QEMU's monitor says what is no JSON");
}

int qmp_call(struct qmp *qmp, const char *command, json_t **result, struct error *error)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "{\"execute\":\"%s\"}\n", command);

    if (send(qmp->fd, line, (size_t)n, MSG_NOSIGNAL) != n)
        return 1; /* QEMU has ended; what it said is judged elsewhere */
    for (;;) {
        json_t *json = NULL, *answer;
        int failed = line_read(qmp, &json, error);

        if (failed)
            return failed;
        answer = json_incref(json_object_get(json, "return"));
        if (!answer && json_object_get(json, "error"))
            failed = error_set(error, TOLL_HOST, "QEMU's monitor refuses %s", command);
        json_decref(json);
        if (answer && result)
            *result = answer;
        else
            json_decref(answer);
        if (answer || failed)
            return failed;
    }
}

int qmp_start(struct qmp *qmp, int ours, int cancel, int64_t timeout_ms, struct error *error)
{
    json_t *greeting = NULL;
    int failed;

    *qmp = (struct qmp){.fd = ours, .cancel = cancel, .deadline_ms = clock_now_ms() + timeout_ms};
    failed = line_read(qmp, &greeting, error);
    json_decref(greeting);
    return failed ? failed : qmp_call(qmp, "qmp_capabilities", NULL, error);
}

pid_t qmp_cpu_thread(const json_t *answer)
{
    return (pid_t)json_integer_value(json_object_get(json_array_get(answer, 0), "thread-id"));
}

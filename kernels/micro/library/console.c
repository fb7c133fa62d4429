/* SPDX-License-Identifier: MIT */
/*
 * console.c: console.h as messages to the server of that name.  Waiting for input happens here, so that other threads
 * of the application go on: the server answers at once and later makes EVENT_INPUT pending.
 */
#include "console.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/client.h"
#include "micro/library/library.h"
#include "sched.h"

#define WINDOW WINDOW_OF(DOMAIN_CONSOLE)

static char chunk[BUFFER_CONSOLE_BYTES]; /* the buffer with path=copy */
static struct waitq readers = WAITQ_INIT(readers);
static void (*on_input_fn)(void);

static char *buffer(uint64_t bytes)
{
    if (!client_copies)
        return WINDOW;
    message_payload(chunk, bytes);
    return chunk;
}

static int64_t call(uint64_t op, uint64_t n)
{
    struct message m = {.tag = op | (client_copies ? MICRO_TAG_PAYLOAD : 0), .word = {n}};
    int64_t error = message_call(HANDLE_CONSOLE, &m);

    return error ? error : (int64_t)m.word[0];
}

void console_on_input(void (*fn)(void))
{
    on_input_fn = fn;
}

void console_event(void)
{
    sched_wake(&readers, UINT32_MAX);
    if (on_input_fn)
        on_input_fn();
}

void console_write(const char *text, uint64_t n)
{
    for (uint64_t bytes; n; text += bytes, n -= bytes) {
        bytes = n < BUFFER_CONSOLE_BYTES ? n : BUFFER_CONSOLE_BYTES;
        memcpy(buffer(bytes), text, bytes);
        call(ASK_CONSOLE_WRITE, bytes);
    }
}

int64_t console_write_caller(uaddr_t text, uint64_t n)
{
    uint64_t sent = 0;

    while (sent < n) {
        uint64_t bytes = n - sent < BUFFER_CONSOLE_BYTES ? n - sent : BUFFER_CONSOLE_BYTES;
        if (env_copy_in(buffer(bytes), text + sent, bytes))
            return sent ? (int64_t)sent : -EFAULT;
        call(ASK_CONSOLE_WRITE, bytes);
        sent += bytes;
    }
    return (int64_t)sent;
}

int64_t console_read_caller(uaddr_t to, uint64_t n)
{
    int64_t got;

    if (n > BUFFER_CONSOLE_BYTES)
        n = BUFFER_CONSOLE_BYTES;
    for (;;) {
        char *from = buffer(n);
        int error;
        got = call(ASK_CONSOLE_READ, n);
        if (got > 0 && (uint64_t)got > n)
            return -EIO;
        if (got > 0 && env_copy_out(to, from, (uint64_t)got))
            return -EFAULT;
        if (got != -EAGAIN)
            return got;
        error = sched_wait(&readers, SCHED_FOREVER);
        if (error)
            return error;
    }
}

bool console_readable(void)
{
    return call(ASK_CONSOLE_READABLE, 0) != 0;
}

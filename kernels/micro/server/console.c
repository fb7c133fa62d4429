/* SPDX-License-Identifier: MIT */
/*
 * console.c: the console's server: part console behind messages.  Nobody waits for input in here: who asks too early is
 * told so, and the application gets EVENT_INPUT when some has come.
 */
#include "console.h"
#include "base/errno.h"
#include "micro/client/client.h"
#include "micro/server/server.h"
#include "sched.h"

static void input_tell(void)
{
    user_call(MICRO_EVENT, HANDLE_APP, EVENT_INPUT, 0, 0, 0, 0);
}

static bool serve(struct message *m)
{
    uint64_t op = MICRO_TAG_OP(m->tag), n = m->word[0];
    uaddr_t buffer = server_buffer(m->from, BUFFER_CONSOLE_BYTES);
    int64_t result = -ENOSYS;

    if (op == ASK_CONSOLE_WRITE)
        result = console_write_caller(buffer, n);
    else if (op == ASK_CONSOLE_READ)
        result = console_readable() ? console_read_caller(buffer, n) : -EAGAIN;
    else if (op == ASK_CONSOLE_READABLE)
        result = console_readable();
    m->tag = 0;
    m->word[0] = (uint64_t)result;
    return true;
}

_Noreturn void home_entry(void)
{
    static struct thread thread;

    server_init();
    sched_init(&thread, NULL, NULL);
    console_init();
    console_on_input(input_tell);
    server_run(serve);
}

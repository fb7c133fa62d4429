/* SPDX-License-Identifier: MIT */
/*
 * echo.c: a server that does nothing, for measuring what it costs to ask one.  Data that goes along ends in its own
 * memory, and goes back from there.
 */
#include "base/errno.h"
#include "micro/client/client.h"
#include "micro/server/server.h"
#include "sched.h"

static char data[BUFFER_ECHO_BYTES];
static uint64_t faults_left, note;

static int64_t copy(uint64_t client, uint64_t n)
{
    uaddr_t buffer = server_buffer(client, BUFFER_ECHO_BYTES);
    int error = n <= sizeof data ? env_copy_in(data, buffer, n) : -EINVAL;

    return error ? error : env_copy_out(buffer, data, n);
}

/* Lets a thread try again, for a number of times; then it is left alone, and who asked for it is told. */
static bool fault(struct message *m)
{
    WIRE_MARK(WIRE_MARK_OP);
    m->tag = 0;
    if (--faults_left)
        return true;
    user_call(MICRO_NOTE_SIGNAL, note, 1, 0, 0, 0, 0);
    return false;
}

/* The note that the application will wait for: its handle there. */
static int64_t faults(uint64_t count)
{
    faults_left = count;
    return count ? user_call(MICRO_HANDLE_GIVE, HANDLE_APP, note, MICRO_NOTE_WAITS, 0, 0, 0) : -EINVAL;
}

static bool serve(struct message *m)
{
    if (__builtin_expect(m->tag & MICRO_TAG_FAULT, 0))
        return fault(m);
    switch (MICRO_TAG_OP(m->tag)) {
    case ASK_ECHO_COPY:
        m->word[0] = (uint64_t)copy(m->from, m->word[0]);
        m->tag = 0;
        break;
    case ASK_ECHO_FAULTS:
        m->word[0] = (uint64_t)faults(m->word[0]);
        m->tag = 0;
        break;
    default:
        m->tag = MICRO_TAG(0, MICRO_TAG_WORDS(m->tag));
    }
    return true;
}

_Noreturn void home_entry(void)
{
    static struct thread thread;

    server_init();
    sched_init(&thread, NULL, NULL);
    note = (uint64_t)user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);
    server_run(serve);
}

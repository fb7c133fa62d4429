/* SPDX-License-Identifier: MIT */
/*
 * console.c: one terminal for all environments.  A write is never mixed with another's, and who has begun a line may
 * end it, if that does not take long; input is for one of them.
 */
#include "console.h"
#include "base/errno.h"
#include "env.h"
#include "exo/call.h"
#include "exo/environment.h"

#define WRITE_MAX 65536u    /* nobody else runs meanwhile */
#define LINE_NS 20000000ull /* others wait that long for the end of a line */

static struct environment *reader;
static bool no_input;              /* will ever come */
static struct environment *writer; /* whose line has not ended */
static uint64_t writer_ns;         /* since when */
static struct waitq line_ended = WAITQ_INIT(line_ended);

static void input_tell(void)
{
    if (reader)
        environment_tell(reader, EVENT_INPUT);
}

void console_start(void)
{
    console_init();
    console_on_input(input_tell);
}

static void line_end(void)
{
    writer = NULL;
    sched_wake(&line_ended, UINT32_MAX);
}

void console_release(struct environment *e)
{
    if (reader == e)
        reader = NULL;
    if (writer == e)
        line_end();
}

static void line_wait(const struct environment *e)
{
    while (writer && writer != e && env_now_ns() - writer_ns < LINE_NS)
        sched_wait(&line_ended, writer_ns + LINE_NS);
}

/* After a write whose last byte is last.  Those who waited come first now. */
static void line_note(struct environment *e, char last)
{
    if (last == '\n') {
        line_end();
        sched_yield();
    } else if (writer != e) {
        writer = e;
        writer_ns = env_now_ns();
    }
}

int64_t call_console_write(CALL_N, uint64_t address, uint64_t n)
{
    struct environment *e = environment_current();
    int64_t sent;
    char last;

    if (environment_count() > 1)
        line_wait(e);
    sent = console_write_caller(address, n < WRITE_MAX ? n : WRITE_MAX);
    if (environment_count() > 1 && sent > 0 && !env_copy_in(&last, address + (uint64_t)sent - 1, 1))
        line_note(e, last);
    return sent;
}

/* Asking for the first time opens the line: what is readable then is its end. */
int64_t call_console_listen(CALL_N)
{
    static bool asked;
    struct environment *e = environment_current();

    if (reader && reader != e)
        return -EPERM;
    reader = e;
    if (!asked)
        no_input = console_readable();
    else if (!no_input && console_readable())
        input_tell(); /* what came for the last reader */
    asked = true;
    return !no_input;
}

int64_t call_console_read(CALL_N, uint64_t address, uint64_t n)
{
    if (reader != environment_current())
        return -EPERM;
    return no_input || !console_readable() ? 0 : console_read_caller(address, n);
}

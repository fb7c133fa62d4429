/* SPDX-License-Identifier: MIT */
/*
 * cross.c: this structure's protected calls by themselves, for measuring (posix.h): to the server echo, or to a second
 * thread of the kernel's in this same space.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/client.h"
#include "micro/library/library.h"
#include "posix.h"
#include "wire.h"

#define SLOT 1       /* of the second thread's struct domain_message */
#define NOWHERE 4096 /* below all regions */
#define WORDS_MAX MESSAGE_WORDS_MAX

/* The second thread, what it answers at, and notes between the two. */
static struct {
    char *stack;
    uint64_t thread, endpoint, to, from;
} second;

static char data[BUFFER_ECHO_BYTES];

/* Offers its words to whoever calls. */
static void second_answer(void)
{
    struct message m = {0};

    message_exchange(MICRO_WAIT, second.endpoint, &m);
    for (;;)
        message_exchange(MICRO_REPLY_WAIT, second.endpoint, &m);
}

static void second_notify(void)
{
    for (;;) {
        user_call(MICRO_NOTE_WAIT, second.to, SCHED_FOREVER, 0, 0, 0, 0);
        user_call(MICRO_NOTE_SIGNAL, second.from, 1, 0, 0, 0, 0);
    }
}

/* Touches what no space has. */
static void second_fault(void)
{
    for (;;)
        *(volatile char *)NOWHERE;
}

static void second_end(void)
{
    if (second.thread)
        user_call(MICRO_THREAD_END, second.thread, 0, 0, 0, 0, 0);
    const uint64_t handles[] = {second.thread, second.endpoint, second.to, second.from};
    for (unsigned i = 0; i < sizeof handles / sizeof *handles; i++)
        if (handles[i])
            user_call(MICRO_HANDLE_CLOSE, handles[i], 0, 0, 0, 0, 0);
    alloc_page_free(second.stack);
    memset(&second, 0, sizeof second);
}

static int made(uint64_t *out, int64_t handle)
{
    *out = handle > 0 ? (uint64_t)handle : 0;
    return handle > 0 ? 0 : (int)handle;
}

static int second_start(void (*run)(void), uint64_t pager)
{
    const struct space *space = sched_current()->space;
    int error;

    second.stack = alloc_page();
    if (!second.stack)
        return -ENOMEM;
    error = made(&second.endpoint, user_call(MICRO_ENDPOINT_MAKE, 0, 0, 0, 0, 0, 0));
    if (!error)
        error = made(&second.to, user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0));
    if (!error)
        error = made(&second.from, user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0));
    if (!error)
        error = made(&second.thread, user_call(MICRO_THREAD_MAKE, space->table->handle, (uint64_t)run,
                                               (uint64_t)second.stack + PAGE_BYTES - 8, SLOT, pager, 0));
    if (error)
        second_end();
    return error;
}

static int cross_call(uint64_t number, uint64_t handle, uint64_t words, uint64_t count)
{
    struct message m = {.tag = MICRO_TAG(ASK_ECHO_NOTHING, words > MESSAGE_REGISTERS ? words - MESSAGE_REGISTERS : 0)};
    int64_t error = 0;

    user_info.messages[0].deadline_ns = SCHED_FOREVER - 1;
    for (uint64_t i = 0; i < count && !error; i++) {
        message_exchange(number, handle, &m);
        error = (int64_t)m.from;
        WIRE_MARK(WIRE_MARK_OP);
    }
    return (int)error;
}

/* bytes go along, there and back: through memory that both have, or copied by the kernel. */
static int cross_data(uint64_t bytes, uint64_t count)
{
    int64_t error = 0;

    message_payload(data, bytes);
    for (uint64_t i = 0; i < count && !error; i++) {
        struct message m = {.tag = ASK_ECHO_COPY | (client_copies ? MICRO_TAG_PAYLOAD : 0), .word = {bytes}};
        if (!client_copies)
            memcpy(WINDOW_OF(DOMAIN_ECHO), data, bytes);
        error = message_call(HANDLE_ECHO, &m);
        if (!error)
            error = (int64_t)m.word[0];
        if (!client_copies)
            memcpy(data, WINDOW_OF(DOMAIN_ECHO), bytes);
        WIRE_MARK(WIRE_MARK_OP);
    }
    BOOK_ADD(user_books[WIRE_BYTES_COPIED], client_copies ? 0 : 2 * bytes * count);
    return (int)error;
}

static int cross_notify(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        user_call(MICRO_NOTE_SIGNAL, second.to, 1, 0, 0, 0, 0);
        user_call(MICRO_NOTE_WAIT, second.from, SCHED_FOREVER, 0, 0, 0, 0);
        WIRE_MARK(WIRE_MARK_OP);
    }
    return 0;
}

static int cross_faults(uint64_t count)
{
    struct message m = {.tag = ASK_ECHO_FAULTS, .word = {count}};
    int64_t error = message_call(HANDLE_ECHO, &m);
    uint64_t note = m.word[0];

    if (!error && (int64_t)note < 0)
        error = (int64_t)note;
    if (!error)
        error = second_start(second_fault, HANDLE_ECHO);
    if (error)
        return (int)error;
    user_call(MICRO_NOTE_WAIT, note, SCHED_FOREVER, 0, 0, 0, 0);
    user_call(MICRO_HANDLE_CLOSE, note, 0, 0, 0, 0, 0);
    second_end();
    return 0;
}

/* With the second thread's help. */
static int cross_within(uint64_t kind, uint64_t words, uint64_t count)
{
    int error = second_start(kind == WIRE_CROSS_NOTIFY ? second_notify : second_answer, 0);

    if (error)
        return error;
    error = kind == WIRE_CROSS_NOTIFY ? cross_notify(count) : cross_call(MICRO_CALL, second.endpoint, words, count);
    second_end();
    return error;
}

static int cross_kernel(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        user_call(MICRO_NULL, 0, 0, 0, 0, 0, 0);
        WIRE_MARK(WIRE_MARK_OP);
    }
    return 0;
}

int env_cross(uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    if (words > WORDS_MAX || bytes > BUFFER_ECHO_BYTES || (bytes && (words || kind != WIRE_CROSS_CALL)))
        return -EINVAL;
    switch (kind) {
    case WIRE_CROSS_CALL:
        return bytes ? cross_data(bytes, count) : cross_call(MICRO_CALL, HANDLE_ECHO, words, count);
    case WIRE_CROSS_CALL_SLOW:
        return cross_call(MICRO_CALL_UNTIL, HANDLE_ECHO, words, count);
    case WIRE_CROSS_CALL_WITHIN:
    case WIRE_CROSS_NOTIFY:
        return cross_within(kind, words, count);
    case WIRE_CROSS_FAULT:
        return count ? cross_faults(count) : 0;
    case WIRE_CROSS_KERNEL:
        return cross_kernel(count);
    }
    return -ENOSYS;
}

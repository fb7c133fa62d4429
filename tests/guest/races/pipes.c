/* SPDX-License-Identifier: MIT */
/*
 * pipes.c: transfers that sleep half way, because the caller's page has to be read from a file first.  Others come to
 * the same end of the pipe meanwhile: every byte must still arrive once, and records of up to PIPE_BUF bytes whole.
 */
#include "races/races.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 4096
#define ROUNDS 8
#define WRITERS 8

struct transfer {
    pthread_t thread;
    char *page;
    size_t bytes;
    long result;
    unsigned arrived;
};

static int ends[2];

static void *slow_read(void *arg)
{
    struct transfer *t = arg;

    t->result = read(ends[0], t->page, t->bytes);
    return NULL;
}

static void *slow_write(void *arg)
{
    struct transfer *t = arg;

    t->result = write(ends[1], t->page, t->bytes);
    return NULL;
}

static void transfer_start(struct transfer *t, void *(*run)(void *), size_t bytes)
{
    *t = (struct transfer){.page = races_cold_page(), .bytes = bytes};
    toll_check(pthread_create(&t->thread, NULL, run, t) == 0, "no thread can be made");
}

static bool readable(void)
{
    struct pollfd p = {.fd = ends[0], .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static bool all_are(const char *bytes, char value)
{
    for (size_t i = 0; i < BLOCK; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static bool block_write(char value)
{
    char block[BLOCK];

    memset(block, value, sizeof block);
    return write(ends[1], block, sizeof block) == BLOCK;
}

/* Reads from the disk, so that what others wait for from there comes too, and lets them go on. */
static void others_go_on(void)
{
    for (unsigned i = 0; i < 2; i++) {
        *(volatile char *)races_cold_page() = 0;
        sched_yield();
    }
}

/* One reader sleeps over its block, another takes it: the first must get the next one.  Whether it came to that. */
static bool readers_meet(char first, char second)
{
    struct transfer slow;
    char fast[BLOCK];

    toll_check(block_write(first), "a block does not fit into an empty pipe");
    transfer_start(&slow, slow_read, BLOCK);
    sched_yield();
    bool met = readable();
    if (met) {
        long got = read(ends[0], fast, sizeof fast);
        toll_check(got == BLOCK && all_are(fast, first), "the faster reader got %ld bytes", got);
        others_go_on();
        toll_check(!readable(), "there is more in the pipe than was written");
        toll_check(block_write(second), "the next block does not fit into an empty pipe");
    }
    pthread_join(slow.thread, NULL);
    toll_check(slow.result == BLOCK, "the slower reader got %ld bytes", slow.result);
    toll_check(all_are(slow.page, met ? second : first), "two readers got the same bytes");
    toll_check(!readable(), "there is more in the pipe than was written");
    return met;
}

static void readers(void)
{
    unsigned met = 0;

    for (char i = 0; i < ROUNDS; i++)
        met += readers_meet((char)('a' + 2 * i), (char)('b' + 2 * i));
    toll_check(met > 0 || !toll_arg_number("meet", 1), "no reader ever slept over its page");
}

/* The writer whose record this is. */
static struct transfer *writer_of(struct transfer *writers, const char *record, size_t bytes)
{
    for (unsigned i = 0; i < WRITERS; i++)
        if (memcmp(record, writers[i].page, bytes) == 0)
            return &writers[i];
    return NULL;
}

static void writers(size_t bytes)
{
    struct transfer slow[WRITERS];
    static char records[WRITERS][BLOCK];

    for (unsigned i = 0; i < WRITERS; i++)
        transfer_start(&slow[i], slow_write, bytes);
    sched_yield();
    for (unsigned i = 0; i < WRITERS; i++) {
        long got = read(ends[0], records[i], bytes);
        toll_check(got == (long)bytes, "a read of a record of %zu bytes got %ld", bytes, got);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(slow[i].thread, NULL);
        toll_check(slow[i].result == (long)bytes, "a writer of %zu bytes put %ld", bytes, slow[i].result);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        struct transfer *t = writer_of(slow, records[i], bytes);
        toll_check(t, "a record of %zu bytes arrived mixed with others", bytes);
        if (t)
            t->arrived++;
    }
    for (unsigned i = 0; i < WRITERS; i++)
        toll_check(slow[i].arrived == 1, "a record of %zu bytes arrived %u times", bytes, slow[i].arrived);
    toll_check(!readable(), "there is more in the pipe than was written");
}

/* The last reader goes while a writer sleeps. */
static void reader_leaves(void)
{
    struct transfer slow;

    transfer_start(&slow, slow_write, BLOCK);
    sched_yield();
    close(ends[0]);
    pthread_join(slow.thread, NULL);
    toll_check(slow.result == BLOCK || slow.result == -1, "a writer put %ld bytes into a pipe without readers",
               slow.result);
    toll_check(write(ends[1], "x", 1) == -1 && errno == EPIPE, "a pipe without readers can be written to");
    close(ends[1]);
}

void races_pipes(void)
{
    toll_check(pipe(ends) == 0, "no pipe can be made");
    readers();
    writers(BLOCK);
    writers(1000);
    reader_leaves();
}

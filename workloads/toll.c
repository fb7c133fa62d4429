/* SPDX-License-Identifier: MIT */
/*
 * toll.c: the runtime of every workload: arguments, records, the measured window and the peer.  Together with the
 * C library it is all that a workload is linked with, so it keeps to plain POSIX and to what both libraries have.
 *
 * Records are collected in one buffer and written with write(2); nothing is written while a window is open.  The
 * books of the system are read before and after the window, through memory that was touched before, and what one
 * reading adds to them is measured by reading twice in a row and taken off.  What one reading of the TSC takes is
 * measured too, and reported beside the cycles: the harness takes it off.
 */
#include "toll.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    int argc;
    char **argv;
    const char *name;
    bool failed;
    char reason[WIRE_LINE_MAX / 2];
} toll;

static struct {
    size_t n;
    char bytes[8 * WIRE_LINE_MAX];
} out;

static struct {
    size_t n;
    unsigned char bytes[WIRE_OUTPUT_CHUNK];
} chunk;

struct books {
    long kinds; /* how many the system keeps; 0 for none */
    uint64_t counts[WIRE_KINDS];
};

#define TSC_TRIES 64

#define DISK_NAME "vda"
#define DISK_COUNTS 3

static struct books before[3], after;
static uint64_t disk_before[DISK_COUNTS], disk_after[DISK_COUNTS]; /* reads, writes, flushes */
static bool disk_told;
static uint64_t tsc_before, tsc_overhead, window_ops, window_warm, first_op_cycles;

static void out_flush(void)
{
    size_t done = 0;
    while (done < out.n) {
        ssize_t n = write(STDOUT_FILENO, out.bytes + done, out.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* nowhere left to complain to */
        done += (size_t)n;
    }
    out.n = 0;
}

/* One record, complete with its newline. */
static void __attribute__((format(printf, 1, 2))) out_record(const char *format, ...)
{
    if (out.n + WIRE_LINE_MAX > sizeof out.bytes)
        out_flush();
    char *line = out.bytes + out.n;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, WIRE_LINE_MAX - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    if (n > WIRE_LINE_MAX - 2)
        n = WIRE_LINE_MAX - 2;
    line[n] = '\n';
    out.n += (size_t)n + 1;
}

static void chunk_flush(void)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * WIRE_OUTPUT_CHUNK + 1];
    if (chunk.n == 0)
        return;
    for (size_t i = 0; i < chunk.n; i++) {
        hex[2 * i] = digits[chunk.bytes[i] >> 4];
        hex[2 * i + 1] = digits[chunk.bytes[i] & 15];
    }
    hex[2 * chunk.n] = 0;
    chunk.n = 0;
    out_record(WIRE_PREFIX "o %s", hex);
}

static void finish(const char *status)
{
    chunk_flush();
    for (char *c = toll.reason; *c; c++)
        if (!isprint((unsigned char)*c))
            *c = ' ';
    out_record(WIRE_PREFIX "done %s %s%s%s", toll.name, status, toll.reason[0] ? " " : "", toll.reason);
    out_flush();
}

void toll_main(int argc, char **argv, const char *name)
{
    toll.argc = argc;
    toll.argv = argv;
    toll.name = toll_arg("name", name);
    if (toll_arg("peer", NULL))
        return; /* the second process of a workload whose first one has said all this */
    TOLL_MARK(WIRE_MARK_MAIN);
    out_record(WIRE_PREFIX "main %s", toll.name);
    out_flush();
}

const char *toll_arg_nth(const char *key, unsigned index)
{
    size_t length = strlen(key);
    for (int i = 1; i < toll.argc; i++)
        if (strncmp(toll.argv[i], key, length) == 0 && toll.argv[i][length] == '=' && index-- == 0)
            return toll.argv[i] + length + 1;
    return NULL;
}

const char *toll_arg(const char *key, const char *fallback)
{
    const char *value = toll_arg_nth(key, 0);
    return value ? value : fallback;
}

uint64_t toll_arg_number(const char *key, uint64_t fallback)
{
    const char *text = toll_arg(key, NULL);
    if (!text)
        return fallback;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (isdigit((unsigned char)text[0]) && *end == 0 && errno == 0)
        return number;
    toll_check(false, "argument %s=%s: a whole number was expected", key, text);
    exit(toll_done());
}

static inline uint64_t tsc_read(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* Two readings with nothing between them: the least of many, since an interrupt may fall into some. */
static uint64_t tsc_measure(void)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < TSC_TRIES; i++) {
        uint64_t start = tsc_read();
        uint64_t cycles = tsc_read() - start;
        if (cycles < least)
            least = cycles;
    }
    return least;
}

/* Tells observers on the host, outside of what is measured. */
static void host_tell(uint32_t leaf)
{
    uint32_t b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(leaf), "=b"(b), "+c"(c), "=d"(d)::"memory");
}

static void books_read(struct books *books)
{
    books->kinds = syscall(WIRE_CALL_COUNTERS, books->counts, (long)WIRE_KINDS);
}

/* What the disk was asked since boot, where the system keeps no books but tells (Linux's
   Documentation/admin-guide/iostats.rst: a device's name, then its fields). */
static bool disk_read(uint64_t *counts)
{
    static const int fields[DISK_COUNTS] = {1, 5, 16};
    static char text[4096];
    int fd = open("/proc/diskstats", O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[bytes > 0 ? bytes : 0] = 0;
    char *at = strstr(text, " " DISK_NAME " "), *end;
    if (!at)
        return false;
    at += strlen(" " DISK_NAME);
    for (int field = 1, found = 0; found < DISK_COUNTS; field++, at = end) {
        uint64_t value = strtoull(at, &end, 10);
        if (end == at || *end == '\n')
            return false; /* an older kernel, which does not tell of flushes */
        if (field == fields[found])
            counts[found++] = value;
    }
    counts[1] -= counts[2]; /* a flush that brings no data, as that of fsync, is among the writes too */
    return true;
}

/* What a window's end is must not be the first to touch a page, of which only one of the two books would know, or the
   window: so these do not lie on two, and all that they use was used before. */
#define AT_THE_EDGE __attribute__((noinline, aligned(256)))

static AT_THE_EDGE void window_open(void)
{
    host_tell(WIRE_LEAF_BEGIN);
    tsc_before = tsc_read();
    TOLL_MARK(WIRE_MARK_BEGIN);
}

static AT_THE_EDGE uint64_t window_close(void)
{
    TOLL_MARK(WIRE_MARK_END);
    uint64_t tsc_after = tsc_read();
    host_tell(WIRE_LEAF_END);
    books_read(&after);
    return tsc_after;
}

/* Brings a function's page in. */
static void code_touch(uintptr_t function)
{
    (void)*(const volatile unsigned char *)function;
}

void toll_begin(void)
{
    code_touch((uintptr_t)window_close);
    code_touch((uintptr_t)toll_end);
    memset(before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    out_flush();
    tsc_overhead = tsc_measure();
    for (unsigned i = 0; i < 3; i++)
        books_read(&before[i]);
    disk_told = before[0].kinds < 0 && disk_read(disk_before);
    window_open();
}

/* What kind grew by in the window.  An interrupt may fall into one of the two readings that measure what a
   reading costs, hardly into both. */
static uint64_t books_window(int kind)
{
    uint64_t first = before[1].counts[kind] - before[0].counts[kind];
    uint64_t second = before[2].counts[kind] - before[1].counts[kind];
    uint64_t own = first < second ? first : second;
    uint64_t all = after.counts[kind] - before[2].counts[kind];
    return all > own ? all - own : 0;
}

static __attribute__((noinline)) void window_print(uint64_t ops)
{
    static const char *const names[WIRE_KINDS] = WIRE_KIND_NAMES;
    char kinds[WIRE_LINE_MAX - 64] = "";
    size_t n = 0;
    for (int kind = 0; kind < after.kinds && kind < WIRE_KINDS; kind++)
        n += (size_t)snprintf(kinds + n, sizeof kinds - n, " %s=%llu", names[kind],
                              (unsigned long long)books_window(kind));
    out_record(WIRE_PREFIX "window %llu%s", (unsigned long long)ops, kinds);
    if (disk_told && disk_read(disk_after))
        out_record(WIRE_PREFIX "disk %llu %llu %llu", (unsigned long long)(disk_after[0] - disk_before[0]),
                   (unsigned long long)(disk_after[1] - disk_before[1]),
                   (unsigned long long)(disk_after[2] - disk_before[2]));
}

AT_THE_EDGE void toll_end(uint64_t ops)
{
    uint64_t tsc_after = window_close();
    window_print(ops);
    toll_value("tsc_cycles", "cycles", tsc_after - tsc_before);
    toll_value("tsc_overhead", "cycles", tsc_overhead);
    if (first_op_cycles)
        toll_value("tsc_first_op", "cycles", first_op_cycles);
}

/* Pass 0 is the very first operation, which finds everything cold; pass 1 the others before the window. */
uint64_t toll_window_begin(unsigned pass, uint64_t ops, uint64_t warm)
{
    if (pass == 0) {
        window_warm = warm;
        first_op_cycles = 0;
        tsc_before = tsc_read();
        return warm > 0;
    }
    if (pass == 1)
        return window_warm - (window_warm > 0);
    window_ops = ops;
    toll_begin();
    return ops;
}

void toll_window_end(unsigned pass)
{
    if (pass == 0 && window_warm > 0)
        first_op_cycles = tsc_read() - tsc_before;
    if (pass == TOLL_PASSES - 1)
        toll_end(window_ops);
}

static long cross(int kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    return syscall(WIRE_CALL_CROSS, (long)kind, (long)words, (long)bytes, (long)count);
}

void toll_cross(int kind, uint64_t words, uint64_t bytes)
{
    uint64_t ops = toll_arg_number("ops", 1000), warm = toll_arg_number("warm", 16);
    uint64_t first = warm > 0;
    tsc_before = tsc_read();
    long result = cross(kind, words, bytes, first);
    first_op_cycles = first ? tsc_read() - tsc_before : 0;
    if (result == 0)
        result = cross(kind, words, bytes, warm - first);
    if (result != 0 && errno == ENOSYS)
        toll_skip("this system has no such crossing");
    toll_check(result == 0, "%llu words and %llu bytes cannot cross: %s", (unsigned long long)words,
               (unsigned long long)bytes, strerror(errno));
    toll_begin();
    result = cross(kind, words, bytes, ops);
    toll_end(ops);
    toll_check(result == 0, "crossing failed: %s", strerror(errno));
    toll_output("crossed\n", 8);
}

void toll_check(bool ok, const char *format, ...)
{
    if (ok || toll.failed)
        return;
    toll.failed = true;
    va_list args;
    va_start(args, format);
    vsnprintf(toll.reason, sizeof toll.reason, format, args);
    va_end(args);
}

void toll_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(toll.reason, sizeof toll.reason, format, args);
    va_end(args);
    finish("skip");
    exit(0);
}

void toll_output(const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    while (n > 0) {
        size_t part = sizeof chunk.bytes - chunk.n;
        if (part > n)
            part = n;
        memcpy(chunk.bytes + chunk.n, from, part);
        chunk.n += part;
        from += part;
        n -= part;
        if (chunk.n == sizeof chunk.bytes)
            chunk_flush();
    }
}

void toll_value(const char *name, const char *unit, uint64_t value)
{
    out_record(WIRE_PREFIX "value %s %s %llu", name, unit, (unsigned long long)value);
}

int toll_done(void)
{
    finish(toll.failed ? "fail" : "ok");
    return toll.failed;
}

const char *toll_self(void)
{
    return toll.argv[0];
}

/* ---- the peer ---- */

static struct {
    toll_peer *run;
    int in, out;
} peer_thread;

void toll_peer_main(toll_peer *peer)
{
    if (!toll_arg("peer", NULL))
        return;
    peer((int)toll_arg_number("peer_in", 0), (int)toll_arg_number("peer_out", 1));
    _exit(0);
}

static void *peer_thread_main(void *unused)
{
    (void)unused;
    peer_thread.run(peer_thread.in, peer_thread.out);
    return NULL;
}

/* Starts this program anew, with its words and three more.  0 or an error number. */
static int peer_spawn(int in, int out_fd, pid_t *child)
{
    char words[2][32];
    char **argv = calloc((size_t)toll.argc + 4, sizeof *argv);
    if (!argv)
        return ENOMEM;
    snprintf(words[0], sizeof words[0], "peer_in=%d", in);
    snprintf(words[1], sizeof words[1], "peer_out=%d", out_fd);
    memcpy(argv, toll.argv, (size_t)toll.argc * sizeof *argv);
    argv[toll.argc] = "peer=1";
    argv[toll.argc + 1] = words[0];
    argv[toll.argc + 2] = words[1];
    int error = posix_spawn(child, toll_self(), NULL, NULL, argv, environ);
    free(argv);
    return error;
}

int toll_peer_start(toll_peer *peer, int in, int out_fd, struct toll_peer_handle *handle)
{
    pid_t child;
    pthread_t thread;
    int error = peer_spawn(in, out_fd, &child);
    if (error == 0) {
        handle->process = child;
        return 0;
    }
    if (error != ENOSYS)
        return -error;
    peer_thread.run = peer;
    peer_thread.in = in;
    peer_thread.out = out_fd;
    error = pthread_create(&thread, NULL, peer_thread_main, NULL);
    if (error != 0)
        return -error;
    handle->process = 0;
    handle->thread = (unsigned long)thread;
    return 0;
}

int toll_peer_wait(struct toll_peer_handle *handle)
{
    int status = 0;
    if (handle->process == 0)
        return -pthread_join((pthread_t)handle->thread, NULL);
    while (waitpid((pid_t)handle->process, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

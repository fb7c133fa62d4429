/* SPDX-License-Identifier: MIT */
/*
 * posix.c (host): what the part posix needs from its home, and a console of two buffers.  "The application" is a
 * function of the test: it runs on the thread's own fiber and calls the posix_* handlers directly.
 */
#include "posix.h"
#include "base/errno.h"
#include "base/panic.h"
#include "console.h"
#include "host.h"
#include <string.h>

static void (*enter_handler)(uint64_t entry, uint64_t sp);
static void (*shutdown_handler)(int status);
static const char *input;
static char output[4096];
static size_t output_bytes;

void host_posix_on_enter(void (*handler)(uint64_t entry, uint64_t sp))
{
    enter_handler = handler;
}

void host_posix_on_shutdown(void (*handler)(int status))
{
    shutdown_handler = handler;
}

_Noreturn void env_leave_stack(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b)
{
    fn(a, b);
    __builtin_unreachable();
}

_Noreturn void env_enter(uint64_t entry, uint64_t sp)
{
    ASSERT(enter_handler);
    enter_handler(entry, sp);
    panic("the application returned");
}

_Noreturn void env_shutdown(int status)
{
    ASSERT(shutdown_handler);
    shutdown_handler(status);
    sched_exit();
}

void env_tls_set(uint64_t base)
{
    (void)base;
}

void env_thread_reset(void)
{
}

void env_space_load(void)
{
}

unsigned env_books(uint64_t *out, unsigned n)
{
    memset(out, 0, n * sizeof *out);
    return n;
}

void env_usage(uint64_t *out)
{
    (void)out;
}

int env_cross(uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    (void)kind;
    (void)words;
    (void)bytes;
    (void)count;
    return -ENOSYS;
}

void host_console_input(const char *text)
{
    input = text;
}

size_t host_console_output(char *out, size_t size)
{
    size_t n = output_bytes < size ? output_bytes : size;
    memcpy(out, output, n);
    output_bytes = 0;
    return n;
}

int console_init(void)
{
    return 0;
}

void console_write(const char *text, uint64_t n)
{
    uint64_t room = sizeof output - output_bytes;
    n = n < room ? n : room;
    memcpy(output + output_bytes, text, n);
    output_bytes += n;
}

int64_t console_write_caller(uaddr_t text, uint64_t n)
{
    uint64_t room = sizeof output - output_bytes;
    n = n < room ? n : room;
    if (env_copy_in(output + output_bytes, text, n))
        return -EFAULT;
    output_bytes += n;
    return (int64_t)n;
}

int64_t console_read_caller(uaddr_t buffer, uint64_t n)
{
    uint64_t have = input ? strlen(input) : 0;
    n = n < have ? n : have;
    if (env_copy_out(buffer, input, n))
        return -EFAULT;
    input = input ? input + n : NULL;
    return (int64_t)n;
}

void console_on_input(void (*fn)(void))
{
    (void)fn;
}

bool console_readable(void)
{
    return input && *input;
}

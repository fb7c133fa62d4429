/* SPDX-License-Identifier: MIT */
/*
 * env.c (host): what parts get from a Linux process.  A caller's address is an address of the process.  Time stands
 * still except that each look at it takes a microsecond, so runs repeat.
 */
#include "env.h"
#include "base/errno.h"
#include "base/panic.h"
#include "host.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS 1000u
#define NS_PER_S 1000000000u

static uaddr_t range_start;
static uint64_t range_bytes;
static bool range_set, silent;
static uint64_t now_ns, epoch_ns = (uint64_t)1704067200 * NS_PER_S, random_state = 1;
static void (*copy_handler)(void);

void host_env_range(const void *start, size_t bytes)
{
    range_set = start != NULL;
    range_start = (uaddr_t)start;
    range_bytes = bytes;
}

void host_env_epoch(uint64_t seconds)
{
    epoch_ns = seconds * NS_PER_S;
}

void host_env_quiet(bool quiet)
{
    silent = quiet;
}

void host_env_on_copy(void (*handler)(void))
{
    copy_handler = handler;
}

/* How many of the n bytes at address are the caller's, from the first one on. */
static size_t usable(uaddr_t address, size_t n)
{
    if (copy_handler)
        copy_handler();
    if (!range_set)
        return n;
    if (address < range_start || address - range_start >= range_bytes)
        return 0;
    uint64_t left = range_bytes - (address - range_start);
    return n < left ? n : left;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    size_t good = usable(src, n);
    memcpy(dst, (const void *)src, good);
    return good < n ? -EFAULT : 0;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    size_t good = usable(dst, n);
    memcpy((void *)dst, src, good);
    return good < n ? -EFAULT : 0;
}

int env_clear_out(uaddr_t dst, size_t n)
{
    size_t good = usable(dst, n);
    memset((void *)dst, 0, good);
    return good < n ? -EFAULT : 0;
}

int64_t env_copy_in_string(char *dst, uaddr_t src, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (env_copy_in(dst + i, src + i, 1))
            return -EFAULT;
        if (!dst[i])
            return (int64_t)i;
    }
    return -ENAMETOOLONG;
}

uint64_t env_now_ns(void)
{
    return now_ns += LOOK_NS;
}

uint64_t env_epoch_ns(void)
{
    return epoch_ns;
}

void env_random(void *buf, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)buf)[i] = (uint8_t)(random_state >> 56);
    }
}

uint64_t env_irq_save(void)
{
    return 0;
}

void env_irq_restore(uint64_t saved)
{
    (void)saved;
}

int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg)
{
    (void)irq;
    (void)handler;
    (void)arg;
    return 0;
}

uint64_t env_dma(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

void env_log(const char *format, ...)
{
    va_list args;
    if (silent)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("panic: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

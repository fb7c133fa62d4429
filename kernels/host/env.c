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
#define HOST_PAGE_BYTES 4096u
#define NS_PER_S 1000000000u

static uaddr_t range_start;
static uint64_t range_bytes;
static bool range_set, silent;
static uint64_t now_ns, epoch_ns = (uint64_t)1704067200 * NS_PER_S, random_state = 1;
static void (*copy_handler)(void);
static void (*irq_handler)(void *arg);
static void *irq_arg;
static void *(*translate)(uint64_t address, bool write);

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

void host_env_seed(uint64_t seed)
{
    random_state = seed;
}

void host_env_on_copy(void (*handler)(void))
{
    copy_handler = handler;
}

void host_env_translate(void *(*handler)(uint64_t address, bool write))
{
    translate = handler;
}

void host_env_clock_set(uint64_t ns)
{
    if (ns > now_ns)
        now_ns = ns;
}

/* How many of the n bytes at address are the caller's, from the first one on. */
static size_t usable(uaddr_t address, size_t n)
{
    if (!range_set)
        return n;
    if (address < range_start || address - range_start >= range_bytes)
        return 0;
    uint64_t left = range_bytes - (address - range_start);
    return n < left ? n : left;
}

/* Where the caller's address is in this process, and how many of the n bytes from there on are in one piece. */
static size_t piece_find(uaddr_t address, size_t n, bool write, void **here)
{
    size_t good = usable(address, n), left = HOST_PAGE_BYTES - address % HOST_PAGE_BYTES;
    *here = (void *)address;
    if (!translate || !good)
        return good;
    *here = translate(address, write);
    return *here ? good < left ? good : left : 0;
}

static int copy(uaddr_t address, const void *from, void *to, size_t n)
{
    void *here;
    if (copy_handler)
        copy_handler();
    for (size_t done = 0, k; done < n; done += k) {
        k = piece_find(address + done, n - done, !to, &here);
        if (!k)
            return -EFAULT;
        if (to)
            memcpy((char *)to + done, here, k);
        else if (from)
            memcpy(here, (const char *)from + done, k);
        else
            memset(here, 0, k);
    }
    return 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return copy(src, NULL, dst, n);
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return copy(dst, src, NULL, n);
}

int env_clear_out(uaddr_t dst, size_t n)
{
    return copy(dst, NULL, NULL, n);
}

bool env_check_range(uaddr_t address, uint64_t n)
{
    return n == 0 || (address + n > address && usable(address, n) == n);
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
    irq_handler = handler;
    irq_arg = arg;
    return 0;
}

void host_env_interrupt(void)
{
    ASSERT(irq_handler);
    irq_handler(irq_arg);
}

uint64_t env_dma(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* Nobody reads books here. */
void env_count(uint32_t kind)
{
    (void)kind;
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

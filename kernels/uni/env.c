/* SPDX-License-Identifier: MIT */
/*
 * env.c: what parts get from this home: plain copies.  The application is in the same domain, but a pointer that it
 * passes must still be its own: its regions, its data in the image, or the image's constants.
 */
#include "env.h"
#include "base/errno.h"
#include "fs.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/layout.h"
#include "machine/switch.h"
#include "machine/x86.h"
#include "posix.h"

extern char app_text_start[], app_text_end[], app_rodata_start[], app_rodata_end[], app_data_start[], app_data_end[];

static bool range_is_in(uaddr_t address, uint64_t n, const char *start, const char *end)
{
    uint64_t from = (uint64_t)start, bytes = (uint64_t)(end - start);

    return address >= from && n <= bytes && address - from <= bytes - n;
}

/* The image's own, less often used than regions. */
static __attribute__((noinline)) bool range_is_image(uaddr_t address, uint64_t n)
{
    return range_is_in(address, n, app_data_start, app_data_end) ||
           range_is_in(address, n, app_rodata_start, app_rodata_end) ||
           range_is_in(address, n, app_text_start, app_text_end);
}

/* The lower half is regions; what is not mapped there faults. */
static inline bool range_is_good(uaddr_t address, uint64_t n)
{
    return (address | n | (address + n)) >> 47 == 0 || n == 0 || range_is_image(address, n);
}

bool env_check_range(uaddr_t address, uint64_t n)
{
    return range_is_good(address, n);
}

static inline int copy(void *dst, const void *src, size_t n)
{
    uint64_t left = trap_copy(dst, src, n);

    BOOK_ADD(books[WIRE_BYTES_COPIED], n - left);
    return left ? -EFAULT : 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return range_is_good(src, n) ? copy(dst, (const void *)src, n) : -EFAULT;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return range_is_good(dst, n) ? copy((void *)dst, src, n) : -EFAULT;
}

int env_clear_out(uaddr_t dst, size_t n)
{
    return env_check_range(dst, n) && trap_clear((void *)dst, n) == 0 ? 0 : -EFAULT;
}

int64_t env_copy_in_string(char *dst, uaddr_t src, size_t size)
{
    int64_t n = env_check_range(src, 1) ? trap_copy_string(dst, (const char *)src, size) : -EFAULT;

    if (n > 0)
        BOOK_ADD(books[WIRE_BYTES_COPIED], (uint64_t)n);
    return n;
}

uint64_t env_irq_save(void)
{
    uint64_t flags = x86_flags();

    x86_cli();
    return flags;
}

void env_irq_restore(uint64_t saved)
{
    if (saved & FLAGS_IF)
        x86_sti();
}

void env_space_load(void)
{
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    home_thread_switch(from, to);
}

int env_table_create(struct table **out)
{
    (void)out;
    return -ENOSYS;
}

void env_thread_reset(void)
{
    home_thread_reset();
}

/* What a call costs here is what call_null measures. */
int env_cross(uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    (void)kind;
    (void)words;
    (void)bytes;
    (void)count;
    return -ENOSYS;
}

_Noreturn void env_leave_stack(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b)
{
    switch_leave(fn, a, b, sched_current()->stack_top);
}

_Noreturn void env_enter(uint64_t entry, uint64_t sp)
{
    switch_enter_kernel(entry, sp);
}

_Noreturn void env_shutdown(int status)
{
    fs_unmount();
    home_shutdown(status);
}

/* SPDX-License-Identifier: MIT */
/* env.c: what parts get from this home: checked copies across the ring, page tables for processes. */
#include "env.h"
#include "base/errno.h"
#include "fs.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/layout.h"
#include "machine/paging.h"
#include "machine/x86.h"
#include "mono/call.h"
#include "posix.h"

bool env_check_range(uaddr_t address, uint64_t n)
{
    return n == 0 || (n <= USER_END && address <= USER_END - n);
}

static int copy(void *dst, const void *src, size_t n)
{
    uint64_t left;

    cpu_user_begin();
    left = trap_copy(dst, src, n);
    cpu_user_end();
    BOOK_ADD(books[WIRE_BYTES_COPIED], n - left);
    return left ? -EFAULT : 0;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return env_check_range(src, n) ? copy(dst, (const void *)src, n) : -EFAULT;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return env_check_range(dst, n) ? copy((void *)dst, src, n) : -EFAULT;
}

int env_clear_out(uaddr_t dst, size_t n)
{
    uint64_t left;

    if (!env_check_range(dst, n))
        return -EFAULT;
    cpu_user_begin();
    left = trap_clear((void *)dst, n);
    cpu_user_end();
    return left ? -EFAULT : 0;
}

int64_t env_copy_in_string(char *dst, uaddr_t src, size_t size)
{
    int64_t n;

    if (!env_check_range(src, 1))
        return -EFAULT;
    if (size > USER_END - src)
        size = USER_END - src;
    cpu_user_begin();
    n = trap_copy_string(dst, (const char *)src, size);
    cpu_user_end();
    if (n > 0)
        BOOK_ADD(books[WIRE_BYTES_COPIED], (uint64_t)n);
    return n;
}

uint64_t env_irq_save(void)
{
    return 0;
}

void env_irq_restore(uint64_t saved)
{
    (void)saved;
}

/* The space whose table is loaded; NULL: the kernel's own. */
static struct space *loaded;

static void space_use(struct space *space)
{
    if (space == loaded)
        return;
    loaded = space;
    BOOK_ADD(books[WIRE_AS_SWITCH], 1);
    paging_load(space ? space->table : &paging_boot_table);
}

void env_space_load(void)
{
    space_use(sched_current()->space);
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    if (to->space)
        space_use(to->space);
    if (cpu.fsgsbase) { /* else ring 3 cannot change it */
        from->gs = cpu_gs_base();
        if (from->gs != to->gs)
            cpu_gs_base_set(to->gs);
    }
    home_thread_switch(from, to);
}

int env_table_create(struct table **out)
{
    return paging_table_create(out);
}

void env_thread_reset(void)
{
    home_thread_reset();
    if (cpu.fsgsbase)
        cpu_gs_base_set(0);
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

/* A call is on that stack already. */
_Noreturn void env_leave_stack(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b)
{
    fn(a, b);
    __builtin_unreachable();
}

_Noreturn void env_enter(uint64_t entry, uint64_t sp)
{
    call_enter_user(entry, sp);
    __builtin_unreachable();
}

_Noreturn void env_shutdown(int status)
{
    fs_unmount();
    home_shutdown(status);
}

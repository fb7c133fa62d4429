/* SPDX-License-Identifier: MIT */
/* thread.c: sched.h's and posix.h's homes in a library: threads that the kernel knows nothing of. */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "fs.h"
#include "machine/cpu.h"
#include "machine/layout.h"
#include "machine/switch.h"
#include "posix.h"
#include "sched.h"
#include "user/library.h"
#include "user/user.h"
#include <stddef.h>

_Static_assert(offsetof(struct domain_info, books) == 40, "gen/map_gen.py");

static void *fpu_make(void)
{
    void *area = cpu.fpu_bytes <= PAGE_BYTES ? alloc_page() : NULL;

    if (area) {
        memset(area, 0, cpu.fpu_bytes);
        cpu_fpu_init(area);
    }
    return area;
}

void user_library_init(void)
{
    static struct thread boot_thread;

    sched_init(&boot_thread, user_stack_top, fpu_make());
    user_info.upcall_stack = (uint64_t)user_stack_top;
    user_info.text_start = (uint64_t)user_text_start;
    user_info.text_end = (uint64_t)user_text_end;
    user_info.upcall_entry = (uint64_t)upcall_entry;
}

int env_thread_prepare(struct thread *t, void (*start)(struct thread *t))
{
    t->fpu = fpu_make();
    t->sp = switch_prepare(t->stack_top, start, t);
    return t->fpu ? 0 : -ENOMEM;
}

void env_thread_release(struct thread *t)
{
    alloc_page_free(t->fpu);
}

static void tls_switch(struct thread *from, const struct thread *to)
{
    if (!cpu.fsgsbase) {
        if (from->tls != to->tls)
            home_tls(to->tls);
        return;
    }
    from->tls = cpu_fs_base();
    if (from->tls != to->tls)
        cpu_fs_base_set(to->tls);
    from->gs = cpu_gs_base();
    if (from->gs != to->gs)
        cpu_gs_base_set(to->gs);
}

static inline void space_use(const struct thread *t)
{
    if (t->space)
        home_space(((const struct space *)t->space)->table);
}

void env_thread_switch(struct thread *from, struct thread *to)
{
    BOOK_ADD(user_books[WIRE_THREAD_SWITCH], 1);
    space_use(to);
    cpu_fpu_switch(from->fpu, to->fpu);
    tls_switch(from, to);
    switch_stacks(&from->sp, to->sp, to->stack_top);
    if (from->killed)        /* while others ran; only they can do it */
        user_info.leave = 1; /* this thread ends on its way out */
}

void env_thread_reset(void)
{
    struct thread *t = sched_current();

    env_tls_set(0);
    t->tls = 0;
    if (cpu.fsgsbase)
        cpu_gs_base_set(0);
    memset(t->fpu, 0, cpu.fpu_bytes);
    cpu_fpu_init(t->fpu);
    cpu_fpu_load(t->fpu);
}

void env_space_load(void)
{
    space_use(sched_current());
}

void env_space_bounds(uint64_t *low, uint64_t *high)
{
    *low = USER_START;
    *high = APP_END;
}

void env_tls_set(uint64_t base)
{
    if (cpu.fsgsbase)
        cpu_fs_base_set(base);
    else
        home_tls(base);
}

/* A call is on that stack already. */
_Noreturn void env_leave_stack(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b)
{
    fn(a, b);
    __builtin_unreachable();
}

void env_idle(void)
{
    home_sleep(SCHED_FOREVER);
    user_events();
}

void env_timer_set(uint64_t deadline_ns)
{
    home_alarm(deadline_ns);
}

unsigned env_books(uint64_t *out, unsigned n)
{
    return home_books(out, n);
}

void env_usage(uint64_t *out)
{
    home_usage(out);
}

_Noreturn void env_shutdown(int status)
{
    fs_unmount();
    home_end(status);
}

/* SPDX-License-Identifier: MIT */
/*
 * clone.c: new threads and new processes.
 *
 * Two shapes of clone are supported: a thread of the same process, and a child that borrows its parent's space until
 * it execs or ends, its parent waiting (what posix_spawn makes).  The child starts on the given stack by popping the
 * address at which it begins.
 */
#include "alloc.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

static void task_start(void *arg)
{
    struct task *t = arg;

    posix_return();
    env_enter(t->entry, t->sp);
}

/* The task's first instruction, stack and thread pointer. */
static void task_aim(struct task *t, uint64_t entry, uint64_t flags, uint64_t stack, uint64_t ctid, uint64_t tls)
{
    t->entry = entry;
    t->sp = stack + sizeof t->entry;
    t->thread->tls = flags & CLONE_SETTLS ? tls : sched_current()->tls;
    if (flags & CLONE_CHILD_CLEARTID)
        t->clear_tid = ctid;
}

/* Where the new task begins is on its stack.  All that can fail or sleep comes before the task is made. */
static int entry_read(uint64_t flags, uint64_t stack, uint64_t tls, uint64_t *entry)
{
    int error = env_copy_in(entry, stack, sizeof *entry);

    if (!error && (!env_check_range(*entry, 1) || (flags & CLONE_SETTLS && !env_check_range(tls, 1))))
        error = -EFAULT;
    return error;
}

static int64_t thread_make(uint64_t flags, uint64_t stack, uint64_t ptid, uint64_t ctid, uint64_t tls)
{
    uint64_t entry;
    struct task *t;
    int tid, error = entry_read(flags, stack, tls, &entry);

    if (error)
        return error;
    t = task_make(process_current(), task_start);
    if (!t)
        return -EAGAIN;
    task_aim(t, entry, flags, stack, ctid, tls);
    tid = t->tid;
    if (flags & CLONE_PARENT_SETTID) /* as in Linux, a bad address changes nothing: the task is there */
        env_copy_out(ptid, &tid, sizeof tid);
    if (flags & CLONE_CHILD_SETTID)
        env_copy_out(ctid, &tid, sizeof tid);
    return tid;
}

static int process_inherit(struct process *child, struct process *parent)
{
    int error = fd_copy_all(parent, child);

    if (error)
        return error;
    child->space = parent->space;
    pager_space_get(child->space);
    child->borrows_space = true;
    child->cwd = parent->cwd;
    fs_get(child->cwd);
    child->umask = parent->umask;
    child->actions_ignored = parent->actions_ignored;
    return 0;
}

static void process_uninherit(struct process *child)
{
    fd_close_all(child, false);
    fs_close(child->cwd);
    child->borrows_space = false;
    process_space_leave(child);
    process_free(child);
}

static int64_t child_make(uint64_t flags, uint64_t stack, uint64_t ctid, uint64_t tls)
{
    struct process *child;
    struct task *t;
    uint64_t entry;
    int pid, error = entry_read(flags, stack, tls, &entry);

    if (error)
        return error;
    child = process_make(process_current());
    if (!child)
        return -EAGAIN;
    if (process_inherit(child, process_current())) {
        process_free(child);
        return -EAGAIN;
    }
    t = task_make(child, task_start);
    if (!t) {
        process_uninherit(child);
        return -EAGAIN;
    }
    task_aim(t, entry, flags, stack, ctid, tls);
    pid = child->pid;
    while (process_find(pid) == child && child->borrows_space)
        sched_wait_always(&child->vfork_done);
    return pid;
}

int64_t posix_clone(OS_N, uint64_t flags, uint64_t stack, uint64_t ptid, uint64_t ctid, uint64_t tls)
{
    if (flags & CLONE_THREAD && flags & CLONE_VM)
        return thread_make(flags, stack, ptid, ctid, tls);
    if (!(flags & CLONE_VM) || !(flags & CLONE_VFORK) || exec_program.image == NULL)
        return posix_unsupported(os_number);
    return child_make(flags, stack, ctid, tls);
}

/* SPDX-License-Identifier: MIT */
/* process.c: processes and their tasks: made, ended, waited for (states: process.h). */
#include "process.h"
#include "alloc.h"
#include "base/panic.h"
#include "fs.h"
#include "linux.h"

struct process *process_table[PROCESS_MAX];
static int id_next = 1;

static int id_make(void)
{
    if (id_next == INT32_MAX)
        id_next = 2;
    return id_next++;
}

struct process *process_find(int pid)
{
    for (unsigned i = 0; i < PROCESS_MAX; i++)
        if (process_table[i] && process_table[i]->pid == pid)
            return process_table[i];
    return NULL;
}

struct process *process_make(struct process *parent)
{
    unsigned slot = 0;
    struct process *p;

    while (slot < PROCESS_MAX && process_table[slot])
        slot++;
    p = slot < PROCESS_MAX ? alloc_get(sizeof *p) : NULL;
    if (!p)
        return NULL;
    p->pid = id_make();
    p->status = STATUS_RUNNING;
    p->parent = parent;
    p->umask = 022;
    fd_table_init(p);
    list_init(&p->tasks);
    sched_waitq_init(&p->child_ended);
    sched_waitq_init(&p->vfork_done);
    process_table[slot] = p;
    return p;
}

void process_free(struct process *p)
{
    for (unsigned i = 0; i < PROCESS_MAX; i++)
        if (process_table[i] == p)
            process_table[i] = NULL;
    fd_table_free(p);
    alloc_put(p);
}

struct task *task_make(struct process *p, void (*start)(void *task))
{
    struct task *t = alloc_get(sizeof *t);

    if (!t)
        return NULL;
    t->thread = sched_create(start, t);
    if (!t->thread) {
        alloc_put(t);
        return NULL;
    }
    t->thread->owner = t;
    t->thread->space = p->space;
    t->process = p;
    t->tid = p->task_count ? id_make() : p->pid;
    p->task_count++;
    list_add(&p->tasks, &t->link);
    return t;
}

/* Gives the space back: to the parent that lent it, or for good. */
void process_space_leave(struct process *p)
{
    bool borrowed = p->borrows_space;

    p->borrows_space = false;
    if (!p->space)
        return;
    pager_space_put(p->space);
    p->space = NULL;
    if (borrowed)
        sched_wake(&p->vfork_done, 1);
}

static void children_orphan(struct process *p)
{
    for (unsigned i = 0; i < PROCESS_MAX; i++) {
        struct process *child = process_table[i];
        if (!child || child->parent != p)
            continue;
        child->parent = NULL;
        if (child->ended)
            process_free(child);
    }
}

/* The last task's end is the process's. */
static void process_end(struct process *p, int status)
{
    p->ending = true;
    fd_close_all(p, false);
    fs_close(p->cwd);
    if (!p->borrows_space)
        pager_unmap_files(p->space);
    children_orphan(p);
    if (p->pid == 1)
        env_shutdown(status);
    sched_current()->space = NULL;
    env_space_load();
    process_space_leave(p);
    p->status = status;
    p->ended = true;
    if (p->parent) /* read only now: the parent may have ended while this slept */
        sched_wake(&p->parent->child_ended, UINT32_MAX);
    else
        process_free(p);
}

_Noreturn void task_exit(int code)
{
    struct task *t = task_current();
    struct process *p = t->process;
    const uint32_t zero = 0;

    if (t->clear_tid && p->task_count > 1 && env_copy_out(t->clear_tid, &zero, sizeof zero) == 0)
        posix_futex(0, t->clear_tid, FUTEX_WAKE, INT32_MAX, 0, 0, 0);
    list_remove(&t->link);
    if (--p->task_count == 0 && !p->ending)
        process_end(p, p->status != STATUS_RUNNING ? p->status : code);
    sched_current()->owner = NULL;
    alloc_put(t);
    sched_exit();
}

void process_kill(struct process *p, int status)
{
    if (p->status == STATUS_RUNNING)
        p->status = status;
    LIST_FOR(l, &p->tasks)
    {
        sched_kill(LIST_ENTRY(l, struct task, link)->thread);
    }
}

/* With the first process the machine ends, whatever its other threads are doing. */
_Noreturn void process_exit(int status)
{
    struct process *p = process_current();

    process_kill(p, status);
    if (p->pid == 1 && !p->ending)
        process_end(p, status);
    task_exit(status);
}

void posix_return(void)
{
    if (sched_current()->killed)
        task_exit(process_current()->status);
}

void posix_fault(int signal, uint64_t rip, uint64_t address)
{
    struct process *p = process_current();

    env_log("process %d is ended by signal %d at %lx (address %lx)", p->pid, signal, (unsigned long)rip,
            (unsigned long)address);
    process_exit(signal);
}

int64_t posix_exit(OS_N, uint64_t status)
{
    task_exit((int)(status & 0xff) << 8);
}

int64_t posix_exit_group(OS_N, uint64_t status)
{
    process_exit((int)(status & 0xff) << 8);
}

static void thread_end(uint64_t addr, uint64_t length)
{
    posix_munmap(0, addr, length);
    task_exit(0);
}

/* A thread that gives back its own stack, on which it can no longer run. */
int64_t posix_toll_thread_end(OS_N, uint64_t addr, uint64_t length)
{
    if (addr && length)
        env_leave_stack(thread_end, addr, length);
    task_exit(0);
}

/* A child that pid names and that has ended: 1; none such: 0; no child that pid could name: -ECHILD. */
static int child_find(struct process *p, int pid, struct process **out)
{
    int found = -ECHILD;

    for (unsigned i = 0; i < PROCESS_MAX; i++) {
        struct process *child = process_table[i];
        if (!child || child->parent != p || (pid > 0 && child->pid != pid))
            continue;
        found = 0;
        if (child->ended) {
            *out = child;
            return 1;
        }
    }
    return found;
}

int64_t posix_wait4(OS_N, uint64_t pid, uint64_t status, uint64_t options, uint64_t usage)
{
    struct process *self = process_current(), *child = NULL;
    int found, ended, error = 0;

    while ((found = child_find(self, (int)pid, &child)) == 0) {
        if (options & WNOHANG)
            return 0;
        error = sched_wait(&self->child_ended, SCHED_FOREVER);
        if (error)
            return error;
    }
    if (found < 0)
        return found;
    pid = (uint64_t)child->pid;
    ended = child->status;
    process_free(child); /* first, for copying may sleep */
    if (status)
        error = env_copy_out(status, &ended, sizeof ended);
    if (!error && usage)
        error = env_clear_out(usage, 144);
    return error ? error : (int64_t)pid;
}

static bool signal_ends(const struct process *p, int signal)
{
    return signal != SIGCHLD && signal != SIGCONT && signal != SIGURG && signal != SIGWINCH &&
           (signal == SIGKILL || !(p->actions_ignored >> signal & 1));
}

int64_t posix_kill(OS_N, uint64_t pid, uint64_t sig)
{
    struct process *p = process_find((int)pid);
    int signal = (int)sig;

    if (signal < 0 || signal >= SIGNALS)
        return -EINVAL;
    if (!p)
        return -ESRCH;
    if (!signal || !signal_ends(p, signal))
        return 0;
    if (p == process_current())
        process_exit(signal);
    process_kill(p, signal);
    return 0;
}

int64_t posix_tgkill(OS_N, uint64_t pid, uint64_t tid, uint64_t sig)
{
    (void)tid;
    return posix_kill(0, pid, sig);
}

int64_t posix_tkill(OS_N, uint64_t tid, uint64_t sig)
{
    LIST_FOR(l, &process_current()->tasks)
    {
        if (LIST_ENTRY(l, struct task, link)->tid == (int)tid)
            return posix_kill(0, (uint64_t)process_current()->pid, sig);
    }
    return -ESRCH;
}

int64_t posix_getpid(OS_N)
{
    return process_current()->pid;
}

int64_t posix_gettid(OS_N)
{
    return task_current()->tid;
}

int64_t posix_getppid(OS_N)
{
    struct process *parent = process_current()->parent;
    return parent ? parent->pid : 0;
}

int64_t posix_set_tid_address(OS_N, uint64_t ctid)
{
    task_current()->clear_tid = ctid;
    return task_current()->tid;
}

/* SPDX-License-Identifier: MIT */
/*
 * posix_fixture.c: the parts posix, pager, sched and fs linked together in this process.  Memory of the process is the
 * caller's as it is; addresses of the space go through its page table, with faults.
 */
#include "posix_fixture.h"
#include "alloc.h"
#include <unistd.h>

#define BODIES_MAX 32

struct body {
    struct task *task;
    void (*run)(void);
    bool ends_process;
};

static struct body bodies[BODIES_MAX];
static struct process *parent;
static uint64_t objects_before, pages_before;

int posix_open_group(void **state)
{
    if (fixture_open(state))
        return -1;
    if (!parent)
        parent = process_make(NULL);
    host_env_translate(host_space_translate);
    return parent ? 0 : -1;
}

int posix_setup(void **state)
{
    if (host_threads_alive()) { /* a failed assertion left a thread's stack: nothing would work any more */
        print_error("stopped: a test failed within a process\n");
        fflush(NULL);
        _exit(1);
    }
    objects_before = host_alloc_objects_out();
    pages_before = host_alloc_pages_out();
    memset(bodies, 0, sizeof bodies);
    host_console_input(NULL);
    *state = (void *)(uintptr_t)1024;
    return fixture_mount(state);
}

int posix_teardown(void **state)
{
    host_alloc_fail(0);
    exec_program = (struct posix_program){0};
    if (host_threads_alive())
        print_error("%u threads have not ended\n", host_threads_alive());
    int error = fixture_end(state);
    if (host_alloc_pages_out() != pages_before || host_alloc_objects_out() != objects_before) {
        print_error("left: %ld pages, %ld objects\n", (long)(host_alloc_pages_out() - pages_before),
                    (long)(host_alloc_objects_out() - objects_before));
        return -1;
    }
    return error;
}

static void body_run(void *arg)
{
    struct task *t = arg;
    struct body *b = bodies;
    posix_return();
    while (b->task != t)
        b++;
    b->task = NULL;
    b->run();
    if (b->ends_process)
        posix_exit_group(0, 0);
    task_exit(0);
}

static struct task *body_begin(struct process *p, void (*run)(void), bool ends_process)
{
    struct body *b = bodies;
    struct task *t = task_make(p, body_run);
    assert_non_null(t);
    while (b->task)
        b++;
    assert_true(b < bodies + BODIES_MAX);
    *b = (struct body){t, run, ends_process};
    return t;
}

struct process *process_begin(void (*body)(void))
{
    struct process *p = process_make(parent);
    assert_non_null(p);
    assert_int_equal(pager_space_create(&p->space), 0);
    p->cwd = FS_ROOT;
    fs_get(FS_ROOT);
    assert_int_equal(fd_set_standard(p), 0);
    body_begin(p, body, true);
    return p;
}

struct task *thread_begin(void (*body)(void))
{
    return body_begin(process_current(), body, false);
}

unsigned processes_run(void)
{
    return host_threads_run();
}

int process_status(struct process *p)
{
    int status = p->status;
    assert_true(status != STATUS_RUNNING && p->task_count == 0);
    process_free(p);
    return status;
}

int process_run(void (*body)(void))
{
    struct process *p = process_begin(body);
    assert_int_equal(processes_run(), 0);
    return process_status(p);
}

unsigned fds_open(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < process_current()->file_room; i++)
        n += process_current()->files[i] != NULL;
    return n;
}

int must_fd(const char *path, uint64_t flags)
{
    int fd = (int)posix_open(0, P(path), flags, 0644);
    assert_in_range(fd, 0, FD_MAX - 1);
    return fd;
}

void must_pipe(int fds[2], uint64_t flags)
{
    assert_int_equal(posix_pipe2(0, P(fds), flags), 0);
}

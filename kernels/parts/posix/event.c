/* SPDX-License-Identifier: MIT */
/* event.c: a counter as a file: threads tell each other of events, and poll sees it (man-pages eventfd(2)). */
#include "alloc.h"
#include "linux.h"
#include "watch.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct event {
    struct file file;
    struct watch *watched;
    uint64_t count;
    bool one_by_one; /* EFD_SEMAPHORE */
};

static int64_t event_read(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    struct event *e = (struct event *)f;
    uint64_t value;

    (void)offset;
    if (n < sizeof value)
        return -EINVAL;
    while (e->count == 0) {
        int error = f->flags & O_NONBLOCK ? -EAGAIN : file_wait(f, SCHED_FOREVER);
        if (error)
            return error;
    }
    value = e->one_by_one ? 1 : e->count;
    e->count -= value; /* first, for copying may sleep */
    watch_tell(&e->watched);
    return env_copy_out(buffer, &value, sizeof value) ? -EFAULT : (int64_t)sizeof value;
}

static int64_t event_write(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    struct event *e = (struct event *)f;
    uint64_t value;

    (void)offset;
    if (n < sizeof value)
        return -EINVAL;
    if (env_copy_in(&value, buffer, sizeof value))
        return -EFAULT;
    if (value == UINT64_MAX)
        return -EINVAL;
    while (value > COUNT_MAX - e->count) {
        int error = f->flags & O_NONBLOCK ? -EAGAIN : file_wait(f, SCHED_FOREVER);
        if (error)
            return error;
    }
    e->count += value;
    watch_tell(&e->watched);
    return sizeof value;
}

static uint32_t event_poll(struct file *f)
{
    const struct event *e = (struct event *)f;

    return (e->count ? POLLIN : 0) | (e->count < COUNT_MAX ? POLLOUT : 0);
}

static int event_stat(struct file *f, struct fs_stat *out)
{
    (void)f;
    *out = (struct fs_stat){.mode = 0600, .links = 1, .block_bytes = PAGE_BYTES};
    return 0;
}

static const struct file_ops file_ops_event = {
    .read = event_read, .write = event_write, .poll = event_poll, .stat = event_stat};

int64_t posix_eventfd2(OS_N, uint64_t count, uint64_t flags)
{
    struct event *e;

    if (flags & ~(uint64_t)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    e = alloc_get(sizeof *e);
    if (!e)
        return -ENOMEM;
    file_init(&e->file, &file_ops_event, O_RDWR | (flags & O_NONBLOCK));
    e->file.watchers = &e->watched;
    e->count = (uint32_t)count;
    e->one_by_one = flags & EFD_SEMAPHORE;
    return fd_install(&e->file, flags & O_CLOEXEC);
}

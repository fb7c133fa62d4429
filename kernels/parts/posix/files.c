/* SPDX-License-Identifier: MIT */
/* files.c: open file descriptions and the descriptors that name them (process.h). */
#include "alloc.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

struct file *file_make(const struct file_ops *ops, uint32_t flags)
{
    struct file *f = alloc_get(sizeof *f);

    if (f) {
        f->ops = ops;
        f->refs = 1;
        f->flags = flags;
    }
    return f;
}

void file_free(struct file *f)
{
    if (f->ops->close)
        f->ops->close(f);
    alloc_put(f);
}

static void fd_mark(struct process *p, unsigned fd, bool close_on_exec)
{
    p->close_on_exec &= ~(1ull << fd);
    p->close_on_exec |= (uint64_t)close_on_exec << fd;
}

/* For calls that must change nothing when fd_install would fail. */
bool fd_is_left(void)
{
    struct file **files = process_current()->files;
    unsigned fd = 0;

    while (fd < FD_MAX && files[fd])
        fd++;
    return fd < FD_MAX;
}

/* Takes over the caller's reference; drops it on -EMFILE. */
int fd_install(struct file *f, int lowest, bool close_on_exec)
{
    struct process *p = process_current();

    for (int fd = lowest; fd < FD_MAX; fd++)
        if (!p->files[fd]) {
            p->files[fd] = f;
            fd_mark(p, (unsigned)fd, close_on_exec);
            return fd;
        }
    file_put(f);
    return -EMFILE;
}

static void fd_close(struct process *p, unsigned fd)
{
    struct file *f = p->files[fd];

    p->files[fd] = NULL;
    if (f)
        file_put(f);
}

void fd_close_all(struct process *p, bool only_on_exec)
{
    for (unsigned fd = 0; fd < FD_MAX; fd++)
        if (!only_on_exec || p->close_on_exec >> fd & 1)
            fd_close(p, fd);
}

void fd_copy_all(struct process *from, struct process *to)
{
    to->close_on_exec = from->close_on_exec;
    for (unsigned fd = 0; fd < FD_MAX; fd++) {
        to->files[fd] = from->files[fd];
        if (to->files[fd])
            to->files[fd]->refs++;
    }
}

/* The console as descriptors 0, 1 and 2. */
int fd_set_standard(struct process *p)
{
    struct file *f = file_make(&file_ops_console, O_RDWR);

    if (!f)
        return -ENOMEM;
    f->refs = 3;
    p->files[0] = p->files[1] = p->files[2] = f;
    return 0;
}

int64_t posix_close(OS_N, uint64_t fd)
{
    if (!fd_file(fd))
        return -EBADF;
    fd_close(process_current(), (unsigned)fd);
    return 0;
}

static int64_t fd_duplicate(uint64_t fd, int lowest, bool close_on_exec)
{
    struct file *f = fd_file(fd);

    if (!f)
        return -EBADF;
    if (lowest < 0 || lowest >= FD_MAX)
        return -EINVAL;
    f->refs++;
    return fd_install(f, lowest, close_on_exec);
}

int64_t posix_dup(OS_N, uint64_t fd)
{
    return fd_duplicate(fd, 0, false);
}

static int64_t fd_duplicate_to(uint64_t fd, uint64_t to, bool close_on_exec)
{
    struct process *p = process_current();
    struct file *f = fd_file(fd), *old;

    if (!f || to >= FD_MAX)
        return -EBADF;
    old = p->files[to];
    f->refs++;
    p->files[to] = f;
    fd_mark(p, (unsigned)to, close_on_exec);
    if (old)
        file_put(old); /* last, for it may sleep */
    return (int64_t)to;
}

int64_t posix_dup2(OS_N, uint64_t fd, uint64_t to)
{
    if (fd == to)
        return fd_file(fd) ? (int64_t)to : -EBADF;
    return fd_duplicate_to(fd, to, false);
}

int64_t posix_dup3(OS_N, uint64_t fd, uint64_t to, uint64_t flags)
{
    if (fd == to || flags & ~(uint64_t)O_CLOEXEC)
        return -EINVAL;
    return fd_duplicate_to(fd, to, flags & O_CLOEXEC);
}

int64_t posix_fcntl(OS_N, uint64_t fd, uint64_t command, uint64_t arg)
{
    struct process *p = process_current();
    struct file *f = fd_file(fd);

    if (!f)
        return -EBADF;
    switch ((int)command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return fd_duplicate(fd, (int)arg, (int)command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return p->close_on_exec >> fd & 1;
    case F_SETFD:
        fd_mark(p, (unsigned)fd, arg & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return f->flags;
    case F_SETFL:
        f->flags = (f->flags & ~(O_APPEND | O_NONBLOCK)) | (arg & (O_APPEND | O_NONBLOCK));
        return 0;
    }
    return -EINVAL;
}

int64_t posix_ioctl(OS_N, uint64_t fd, uint64_t request, uint64_t arg)
{
    (void)request, (void)arg;
    return fd_file(fd) ? -ENOTTY : -EBADF;
}

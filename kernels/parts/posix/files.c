/* SPDX-License-Identifier: MIT */
/* files.c: open file descriptions and the descriptors that name them (process.h). */
#include "alloc.h"
#include "base/string.h"
#include "fs.h"
#include "linux.h"
#include "locks.h"
#include "watch.h"

void file_init(struct file *f, const struct file_ops *ops, uint32_t flags)
{
    f->ops = ops;
    f->refs = 1;
    f->flags = flags;
}

struct file *file_make(const struct file_ops *ops, uint32_t flags)
{
    struct file *f = alloc_get(sizeof *f);

    if (f)
        file_init(f, ops, flags);
    return f;
}

void file_free(struct file *f)
{
    if (f->watchers && *f->watchers)
        epoll_forget(f);
    if (f->ops->close)
        f->ops->close(f);
    alloc_put(f);
}

int64_t file_free_after(struct file *f, int64_t result)
{
    file_free(f);
    return result;
}

static uint64_t fd_bit(unsigned fd)
{
    return (uint64_t)1 << fd % 64;
}

static void fd_mark(struct process *p, unsigned fd, bool close_on_exec)
{
    p->close_on_exec[fd / 64] &= ~fd_bit(fd);
    p->close_on_exec[fd / 64] |= (uint64_t)close_on_exec << fd % 64;
}

void fd_table_init(struct process *p)
{
    p->files = p->first_files;
    p->file_room = FD_FIRST;
}

void fd_table_free(struct process *p)
{
    if (p->files != p->first_files)
        alloc_put(p->files);
}

/* Makes the table large enough for descriptor fd: 0 or -ENOMEM. */
static int table_grow(struct process *p, unsigned fd)
{
    uint64_t room = p->file_room;
    struct file **files;

    while (room <= fd)
        room *= 2;
    files = alloc_get(room * sizeof *files);
    if (!files)
        return -ENOMEM;
    memcpy(files, p->files, p->file_room * sizeof *files);
    fd_table_free(p);
    p->files = files;
    p->file_room = room;
    return 0;
}

static inline int table_reach(struct process *p, unsigned fd)
{
    return fd < p->file_room ? 0 : table_grow(p, fd);
}

/* The lowest free descriptor that is not below lowest, and within the table: or -EMFILE, -ENOMEM. */
static __attribute__((noinline)) int fd_find_from(struct process *p, unsigned lowest)
{
    unsigned word = lowest / 64;
    uint64_t free = ~p->fds_used[word] & ~(uint64_t)0 << lowest % 64;

    if (word < p->fd_word)
        free = 0;
    while (!free) {
        word = word + 1 > p->fd_word ? word + 1 : (unsigned)p->fd_word;
        if (word >= FD_WORDS)
            return -EMFILE;
        free = ~p->fds_used[word];
    }
    if (lowest == 0)
        p->fd_word = word;
    lowest = word * 64 + (unsigned)__builtin_ctzll(free);
    return table_reach(p, lowest) ? -ENOMEM : (int)lowest;
}

/* The same from 0 on. */
static inline int fd_find(struct process *p)
{
    uint64_t free = ~p->fds_used[p->fd_word], fd;

    if (free) {
        fd = p->fd_word * 64 + (uint64_t)__builtin_ctzll(free);
        if (fd < p->file_room)
            return (int)fd;
    }
    return fd_find_from(p, 0);
}

int fd_reserve(void)
{
    return fd_find(process_current());
}

/* fd was free, or names another file. */
static inline int fd_set(struct process *p, unsigned fd, struct file *f, bool close_on_exec)
{
    p->files[fd] = f;
    p->fds_used[fd / 64] |= fd_bit(fd);
    if (close_on_exec)
        p->close_on_exec[fd / 64] |= fd_bit(fd);
    return (int)fd;
}

static int fd_install_at(struct process *p, int fd, struct file *f, bool close_on_exec)
{
    return fd >= 0 ? fd_set(p, (unsigned)fd, f, close_on_exec) : (int)file_put_after(f, fd);
}

int fd_install(struct file *f, bool close_on_exec)
{
    struct process *p = process_current();

    return fd_install_at(p, fd_find(p), f, close_on_exec);
}

static void fd_close(struct process *p, unsigned fd)
{
    struct file *f = p->files[fd];
    uint64_t others = ~fd_bit(fd);

    p->files[fd] = NULL;
    p->fds_used[fd / 64] &= others;
    p->close_on_exec[fd / 64] &= others;
    if (fd / 64 < p->fd_word)
        p->fd_word = fd / 64;
    if (!f)
        return;
    locks_close(p, f);
    file_put(f);
}

/* Closing may sleep, and others may open and close meanwhile: look again each time. */
void fd_close_all(struct process *p, bool only_on_exec)
{
    for (unsigned word = 0; word < p->file_room / 64; word++) {
        const uint64_t *open = only_on_exec ? &p->close_on_exec[word] : &p->fds_used[word];
        while (*open)
            fd_close(p, word * 64 + (unsigned)__builtin_ctzll(*open));
    }
}

int fd_copy_all(struct process *from, struct process *to)
{
    uint64_t words = from->file_room / 64;

    if (table_reach(to, (unsigned)from->file_room - 1))
        return -ENOMEM;
    memcpy(to->close_on_exec, from->close_on_exec, words * sizeof *from->close_on_exec);
    memcpy(to->fds_used, from->fds_used, words * sizeof *from->fds_used);
    for (unsigned word = 0; word < words; word++)
        for (uint64_t left = from->fds_used[word]; left; left &= left - 1) {
            unsigned fd = word * 64 + (unsigned)__builtin_ctzll(left);
            to->files[fd] = from->files[fd];
            to->files[fd]->refs++;
        }
    return 0;
}

/* The console as descriptors 0, 1 and 2. */
int fd_set_standard(struct process *p)
{
    struct file *f = file_make(&file_ops_console, O_RDWR);

    if (!f)
        return -ENOMEM;
    f->refs = 3;
    f->watchers = &watch_console;
    for (unsigned fd = 0; fd < 3; fd++)
        fd_set(p, fd, f, false);
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
    struct process *p = process_current();
    struct file *f = fd_file(fd);

    if (!f)
        return -EBADF;
    if (lowest < 0 || lowest >= FD_MAX)
        return -EINVAL;
    f->refs++;
    return fd_install_at(p, fd_find_from(p, (unsigned)lowest), f, close_on_exec);
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
    if (table_reach(p, (unsigned)to))
        return -ENOMEM;
    old = p->files[to];
    f->refs++;
    fd_mark(p, (unsigned)to, false);
    fd_set(p, (unsigned)to, f, close_on_exec);
    if (old) {
        locks_close(p, old);
        file_put(old); /* last, for it may sleep */
    }
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
        return p->close_on_exec[fd / 64] >> fd % 64 & 1;
    case F_SETFD:
        fd_mark(p, (unsigned)fd, arg & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return f->flags;
    case F_SETFL:
        f->flags = (f->flags & ~(O_APPEND | O_NONBLOCK)) | (arg & (O_APPEND | O_NONBLOCK));
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        return locks_fcntl(f, fd, (int)command, arg);
    }
    return -EINVAL;
}

int64_t posix_ioctl(OS_N, uint64_t fd, uint64_t request, uint64_t arg)
{
    struct file *f = fd_file(fd);
    int value, error;

    if (!f)
        return -EBADF;
    switch ((uint32_t)request) {
    case FIONBIO:
        error = env_copy_in(&value, arg, sizeof value);
        if (!error)
            f->flags = (f->flags & ~O_NONBLOCK) | (value ? O_NONBLOCK : 0);
        return error;
    case FIONREAD:
        if (!f->ops->unread)
            break;
        value = (int)f->ops->unread(f);
        return env_copy_out(arg, &value, sizeof value);
    }
    return -ENOTTY;
}

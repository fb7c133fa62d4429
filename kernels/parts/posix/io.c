/* SPDX-License-Identifier: MIT */
/* io.c: reading and writing through descriptors; regular files and the console. */
#include "console.h"
#include "fs.h"
#include "linux.h"
#include "socket.h"

static bool file_readable(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool file_writable(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_RDONLY;
}

static int64_t file_read(struct file *f, uaddr_t buffer, uint64_t n)
{
    int64_t got;

    if (!f->ops->seeks)
        return f->ops->read(f, buffer, n, 0);
    got = f->ops->read(f, buffer, n, f->offset);
    if (got > 0)
        f->offset += (uint64_t)got;
    return got;
}

static int64_t file_write(struct file *f, uaddr_t buffer, uint64_t n)
{
    struct fs_stat stat;
    int64_t put;

    if (!f->ops->seeks)
        return f->ops->write(f, buffer, n, 0);
    put = f->ops->write(f, buffer, n, f->flags & O_APPEND ? FS_APPEND : f->offset);
    if (put <= 0)
        return put;
    if (f->flags & O_APPEND && fs_stat(f->node, &stat) == 0)
        f->offset = stat.bytes;
    else
        f->offset += (uint64_t)put;
    return put;
}

/* The file may be closed by another thread while it is read: hold it.  Only what can sleep needs that. */
int64_t posix_read(OS_N, uint64_t fd, uint64_t buf, uint64_t count)
{
    struct file *f = fd_file(fd);
    int64_t got;

    if (!f || !file_readable(f))
        return -EBADF;
    f->refs++;
    got = file_read(f, buf, count);
    return file_put_after(f, got);
}

int64_t posix_write(OS_N, uint64_t fd, uint64_t buf, uint64_t count)
{
    struct file *f = fd_file(fd);
    int64_t put;

    if (!f || !file_writable(f))
        return -EBADF;
    f->refs++;
    put = file_write(f, buf, count);
    return file_put_after(f, put);
}

int64_t posix_pread64(OS_N, uint64_t fd, uint64_t buf, uint64_t count, uint64_t offset)
{
    struct file *f = fd_file(fd);
    int64_t got;

    if (!f || !file_readable(f))
        return -EBADF;
    if (!f->ops->seeks)
        return -ESPIPE;
    if ((int64_t)offset < 0)
        return -EINVAL;
    f->refs++;
    got = f->ops->read(f, buf, count, offset);
    return file_put_after(f, got);
}

int64_t posix_pwrite64(OS_N, uint64_t fd, uint64_t buf, uint64_t count, uint64_t offset)
{
    struct file *f = fd_file(fd);
    int64_t put;

    if (!f || !file_writable(f))
        return -EBADF;
    if (!f->ops->seeks)
        return -ESPIPE;
    if ((int64_t)offset < 0)
        return -EINVAL;
    f->refs++;
    put = f->ops->write(f, buf, count, offset);
    return file_put_after(f, put);
}

/* One after another until one is short; what was moved counts, an error only if nothing was. */
static int64_t vector_run(struct file *f, uaddr_t iov, uint64_t n,
                          int64_t (*move)(struct file *f, uaddr_t buffer, uint64_t n))
{
    struct linux_iovec v;
    int64_t total = 0, one = 0;

    for (uint64_t i = 0; i < n; i++) {
        one = env_copy_in(&v, iov + i * sizeof v, sizeof v);
        if (one == 0 && v.length)
            one = move(f, v.base, v.length);
        else if (one == 0)
            continue;
        if (one < 0)
            break;
        total += one;
        if ((uint64_t)one < v.length)
            break;
    }
    return total ? total : one;
}

int64_t posix_readv(OS_N, uint64_t fd, uint64_t iov, uint64_t n)
{
    struct file *f = fd_file(fd);
    int64_t got;

    if (!f || !file_readable(f))
        return -EBADF;
    if (n > IOV_MAX)
        return -EINVAL;
    f->refs++;
    got = f->ops == &file_ops_socket ? socket_receive_vector((struct socket *)f, iov, n, 0, NULL)
                                     : vector_run(f, iov, n, file_read);
    return file_put_after(f, got);
}

int64_t posix_writev(OS_N, uint64_t fd, uint64_t iov, uint64_t n)
{
    struct file *f = fd_file(fd);
    int64_t put;

    if (!f || !file_writable(f))
        return -EBADF;
    if (n > IOV_MAX)
        return -EINVAL;
    f->refs++;
    put = f->ops == &file_ops_socket ? socket_send_vector((struct socket *)f, iov, n, 0, NULL)
                                     : vector_run(f, iov, n, file_write);
    return file_put_after(f, put);
}

static int64_t file_seek(struct file *f, uint64_t offset, uint64_t whence)
{
    struct fs_stat stat = {0};
    int error = whence == SEEK_END ? f->ops->stat(f, &stat) : 0;
    uint64_t base = whence == SEEK_CUR ? f->offset : whence == SEEK_END ? stat.bytes : 0;

    if (error)
        return error;
    if (whence > SEEK_END || (int64_t)(base + offset) < 0)
        return -EINVAL;
    return (int64_t)(f->offset = base + offset);
}

int64_t posix_lseek(OS_N, uint64_t fd, uint64_t offset, uint64_t whence)
{
    struct file *f = fd_file(fd);
    int64_t position;

    if (!f)
        return -EBADF;
    if (!f->ops->seeks)
        return -ESPIPE;
    f->refs++; /* asking for the size may sleep */
    position = file_seek(f, offset, whence);
    return file_put_after(f, position);
}

/* Regular files and directories. */
static int64_t node_read(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    return fs_read(f->node, offset, buffer, n);
}

static int64_t node_write(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    return fs_write(f->node, offset, buffer, n);
}

static uint32_t node_poll(struct file *f)
{
    (void)f;
    return POLLIN | POLLOUT;
}

static int node_stat(struct file *f, struct fs_stat *out)
{
    return fs_stat(f->node, out);
}

static void node_close(struct file *f)
{
    fs_close(f->node);
}

const struct file_ops file_ops_fs = {node_read, node_write, node_poll, node_stat, node_close, true, NULL};

/* The console. */
static int64_t terminal_read(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    (void)offset;
    if (f->flags & O_NONBLOCK && !console_readable())
        return -EAGAIN;
    return console_read_caller(buffer, n);
}

static int64_t terminal_write(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    (void)f, (void)offset;
    return console_write_caller(buffer, n);
}

static uint32_t terminal_poll(struct file *f)
{
    (void)f;
    return POLLOUT | (console_readable() ? POLLIN : 0);
}

static int terminal_stat(struct file *f, struct fs_stat *out)
{
    (void)f;
    *out = (struct fs_stat){.mode = S_IFCHR | 0600, .links = 1, .block_bytes = 1024};
    return 0;
}

const struct file_ops file_ops_console = {terminal_read, terminal_write, terminal_poll, terminal_stat,
                                          NULL,          false,          NULL};

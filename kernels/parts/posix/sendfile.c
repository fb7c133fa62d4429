/* SPDX-License-Identifier: MIT */
/*
 * sendfile.c: from a file to a socket or another file (man-pages sendfile(2)).  Data goes there from the caller's
 * memory only, so a part of the file is mapped for as long as it takes.
 */
#include "alloc.h"
#include "linux.h"
#include "socket.h"

#define PIECE_BYTES 65536u
#define SENDFILE_MAX 0x7ffff000u

/* One piece: what went out, 0 at the file's end, or a negative errno. */
static int64_t piece_send(struct file *out, struct file *in, uint64_t offset, uint64_t n)
{
    struct space *space = process_current()->space;
    uint64_t skip = offset % PAGE_BYTES, at = 0;
    struct pager_source source = {.kind = PAGER_FILE, .node = in->node, .offset = offset - skip};
    struct fs_stat stat;
    int64_t put, error = fs_stat(in->node, &stat);

    if (error || offset >= stat.bytes)
        return error;
    n = n < stat.bytes - offset ? n : stat.bytes - offset;
    n = n < PIECE_BYTES ? n : PIECE_BYTES;
    source.bytes = n + skip;
    error = pager_map(space, &at, n + skip, PAGER_READ, false, &source);
    if (error)
        return error;
    put = out->ops == &file_ops_fs ? fs_write(out->node, out->offset, at + skip, n)
                                   : socket_send((struct socket *)out, at + skip, n, MSG_NOSIGNAL, NULL);
    pager_unmap(space, at, n + skip);
    if (put > 0 && out->ops == &file_ops_fs)
        out->offset += (uint64_t)put;
    return put;
}

static int64_t file_send(struct file *out, struct file *in, uint64_t *offset, uint64_t n)
{
    int64_t total = 0, one = 1;

    while ((uint64_t)total < n) {
        one = piece_send(out, in, *offset, n - (uint64_t)total);
        if (one <= 0)
            break;
        total += one;
        *offset += (uint64_t)one;
    }
    return total ? total : one < 0 ? one : 0;
}

static int file_is_plain(const struct file *f)
{
    struct fs_stat stat;
    int error = fs_stat(f->node, &stat);

    return error ? error : (stat.mode & S_IFMT) == S_IFREG ? 0 : -EINVAL;
}

static int64_t file_send_at(struct file *out, struct file *in, uaddr_t offset, uint64_t n)
{
    uint64_t at = in->offset;
    int64_t put = file_is_plain(in);

    if (!put && offset && env_copy_in(&at, offset, sizeof at))
        put = -EFAULT;
    if (!put && (int64_t)at < 0)
        put = -EINVAL;
    if (!put)
        put = file_send(out, in, &at, n < SENDFILE_MAX ? n : SENDFILE_MAX);
    if (put > 0 && !offset)
        in->offset = at;
    if (put >= 0 && offset && env_copy_out(offset, &at, sizeof at))
        put = -EFAULT;
    return put;
}

int64_t posix_sendfile(OS_N, uint64_t out, uint64_t in, uint64_t offset, uint64_t n)
{
    struct file *to = fd_file(out), *from = fd_file(in);
    int64_t put;

    if (!to || !from || (to->flags & O_ACCMODE) == O_RDONLY || (from->flags & O_ACCMODE) == O_WRONLY)
        return -EBADF;
    if ((int64_t)n < 0 || from->ops != &file_ops_fs || (to->ops != &file_ops_fs && to->ops != &file_ops_socket) ||
        to->flags & O_APPEND)
        return -EINVAL;
    to->refs++;
    from->refs++;
    put = file_send_at(to, from, offset, n);
    file_put(from);
    if (put == -EPIPE)
        put = file_broken(to);
    file_put(to);
    return put;
}

/* SPDX-License-Identifier: MIT */
/* paths.c: the calls that name files by path. */
#include "base/string.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

int path_get(uaddr_t path, char *out)
{
    int64_t n = env_copy_in_string(out, path, FS_PATH_MAX);

    return n < 0 ? (int)n : n == 0 ? -ENOENT : 0;
}

/* The node from which a relative path starts. */
int path_dir(int dirfd, const char *path, int *node)
{
    struct file *f;

    *node = process_current()->cwd;
    if (dirfd == AT_FDCWD || *path == '/')
        return 0;
    f = fd_file((uint64_t)dirfd);
    if (!f)
        return -EBADF;
    if (f->ops != &file_ops_fs)
        return -ENOTDIR;
    *node = f->node;
    return 0;
}

/* A caller's path and the node where it starts. */
struct place {
    int dir;
    char path[FS_PATH_MAX];
};

static int place_get(uint64_t dirfd, uaddr_t path, struct place *out)
{
    int error = path_get(path, out->path);

    return error ? error : path_dir((int)dirfd, out->path, &out->dir);
}

static uint32_t open_flags(uint64_t flags)
{
    uint32_t mode = flags & O_ACCMODE;

    return (flags & O_CREAT ? FS_CREATE : 0) | (flags & O_EXCL ? FS_EXCLUSIVE : 0) |
           (flags & O_TRUNC && mode != O_RDONLY ? FS_TRUNCATE : 0) | (flags & O_DIRECTORY ? FS_DIRECTORY : 0) |
           (flags & O_NOFOLLOW ? FS_NOFOLLOW : 0) | (mode != O_RDONLY ? FS_WRITE : 0);
}

static int64_t open_at(int dir, const char *path, uint64_t flags, uint64_t mode)
{
    struct file *f;
    int node = fd_reserve();

    if (node >= 0)
        node = fs_open(dir, path, open_flags(flags), (uint32_t)mode & 07777 & ~process_current()->umask);
    if (node < 0)
        return node;
    f = file_make(&file_ops_fs, (uint32_t)flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    if (!f) {
        fs_close(node);
        return -ENOMEM;
    }
    f->node = node;
    return fd_install(f, flags & O_CLOEXEC);
}

int64_t posix_openat(OS_N, uint64_t dir, uint64_t path, uint64_t flags, uint64_t mode)
{
    struct place at;
    int error = place_get(dir, path, &at);

    return error ? error : open_at(at.dir, at.path, flags, mode);
}

int64_t posix_open(OS_N, uint64_t path, uint64_t flags, uint64_t mode)
{
    return posix_openat(0, (uint64_t)AT_FDCWD, path, flags, mode);
}

int64_t posix_creat(OS_N, uint64_t path, uint64_t mode)
{
    return posix_open(0, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static int stat_put(uaddr_t at, const struct fs_stat *s)
{
    const struct linux_stat out = {.dev = 1,
                                   .ino = s->node,
                                   .nlink = s->links,
                                   .mode = s->mode,
                                   .uid = s->uid,
                                   .gid = s->gid,
                                   .size = (int64_t)s->bytes,
                                   .blksize = s->block_bytes,
                                   .blocks = (int64_t)s->blocks,
                                   .atime = s->atime,
                                   .mtime = s->mtime,
                                   .ctime = s->ctime};

    return env_copy_out(at, &out, sizeof out);
}

int64_t posix_fstat(OS_N, uint64_t fd, uint64_t st)
{
    struct file *f = fd_file(fd);
    struct fs_stat s;
    int error = f ? f->ops->stat(f, &s) : -EBADF;

    return error ? error : stat_put(st, &s);
}

int64_t posix_newfstatat(OS_N, uint64_t dir, uint64_t path, uint64_t st, uint64_t flags)
{
    struct place at;
    struct fs_stat s;
    int node, error = place_get(dir, path, &at);

    if (error == -ENOENT && flags & AT_EMPTY_PATH && (int)dir != AT_FDCWD)
        return posix_fstat(0, dir, st);
    if (error)
        return error;
    node = fs_open(at.dir, at.path, flags & AT_SYMLINK_NOFOLLOW ? FS_NOFOLLOW | FS_LINK : 0, 0);
    if (node < 0)
        return node;
    error = fs_stat(node, &s);
    fs_close(node);
    return error ? error : stat_put(st, &s);
}

int64_t posix_stat(OS_N, uint64_t path, uint64_t st)
{
    return posix_newfstatat(0, (uint64_t)AT_FDCWD, path, st, 0);
}

int64_t posix_lstat(OS_N, uint64_t path, uint64_t st)
{
    return posix_newfstatat(0, (uint64_t)AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

int64_t posix_faccessat(OS_N, uint64_t dir, uint64_t path, uint64_t mode)
{
    struct place at;
    struct fs_stat s;
    int node, error = place_get(dir, path, &at);

    if (error)
        return error;
    node = fs_open(at.dir, at.path, 0, 0);
    if (node < 0)
        return node;
    error = fs_stat(node, &s);
    fs_close(node);
    if (!error && mode & X_OK && (s.mode & S_IFMT) == S_IFREG && !(s.mode & 0111))
        error = -EACCES; /* the one thing that the only user, root, may not do */
    return error;
}

int64_t posix_access(OS_N, uint64_t path, uint64_t mode)
{
    return posix_faccessat(0, (uint64_t)AT_FDCWD, path, mode);
}

/* Calls that take one path, with or without a directory before it. */
int64_t posix_mkdirat(OS_N, uint64_t dir, uint64_t path, uint64_t mode)
{
    struct place at;
    int error = place_get(dir, path, &at);

    return error ? error : fs_mkdir(at.dir, at.path, (uint32_t)mode & 07777 & ~process_current()->umask);
}

int64_t posix_mkdir(OS_N, uint64_t path, uint64_t mode)
{
    return posix_mkdirat(0, (uint64_t)AT_FDCWD, path, mode);
}

int64_t posix_unlinkat(OS_N, uint64_t dir, uint64_t path, uint64_t flags)
{
    struct place at;
    int error = place_get(dir, path, &at);

    if (error)
        return error;
    return flags & AT_REMOVEDIR ? fs_rmdir(at.dir, at.path) : fs_unlink(at.dir, at.path);
}

int64_t posix_unlink(OS_N, uint64_t path)
{
    return posix_unlinkat(0, (uint64_t)AT_FDCWD, path, 0);
}

int64_t posix_rmdir(OS_N, uint64_t path)
{
    return posix_unlinkat(0, (uint64_t)AT_FDCWD, path, AT_REMOVEDIR);
}

int64_t posix_readlinkat(OS_N, uint64_t dir, uint64_t path, uint64_t buf, uint64_t size)
{
    struct place at;
    int node, error = place_get(dir, path, &at);
    int64_t n;

    if (error)
        return error;
    node = fs_open(at.dir, at.path, FS_NOFOLLOW | FS_LINK, 0);
    if (node < 0)
        return node;
    n = fs_readlink(node, at.path, sizeof at.path);
    fs_close(node);
    if (n > 0 && (uint64_t)n > size)
        n = (int64_t)size;
    error = n > 0 ? env_copy_out(buf, at.path, (uint64_t)n) : 0;
    return error ? error : n;
}

int64_t posix_readlink(OS_N, uint64_t path, uint64_t buf, uint64_t size)
{
    return posix_readlinkat(0, (uint64_t)AT_FDCWD, path, buf, size);
}

int64_t posix_fchmodat(OS_N, uint64_t dir, uint64_t path, uint64_t mode)
{
    struct place at;
    int node, error = place_get(dir, path, &at);

    if (error)
        return error;
    node = fs_open(at.dir, at.path, 0, 0);
    if (node < 0)
        return node;
    error = fs_chmod(node, (uint32_t)mode);
    fs_close(node);
    return error;
}

int64_t posix_chmod(OS_N, uint64_t path, uint64_t mode)
{
    return posix_fchmodat(0, (uint64_t)AT_FDCWD, path, mode);
}

int64_t posix_truncate(OS_N, uint64_t path, uint64_t length)
{
    struct place at;
    int node, error = place_get((uint64_t)AT_FDCWD, path, &at);

    if (error || (int64_t)length < 0)
        return error ? error : -EINVAL;
    node = fs_open(at.dir, at.path, FS_WRITE, 0);
    if (node < 0)
        return node;
    error = fs_truncate(node, length);
    fs_close(node);
    return error;
}

/* Calls that take two. */
int64_t posix_renameat2(OS_N, uint64_t from_dir, uint64_t from, uint64_t to_dir, uint64_t to, uint64_t flags)
{
    struct place a, b;
    int error = place_get(from_dir, from, &a);

    if (!error)
        error = flags ? -EINVAL : place_get(to_dir, to, &b);
    return error ? error : fs_rename(a.dir, a.path, b.dir, b.path);
}

int64_t posix_renameat(OS_N, uint64_t from_dir, uint64_t from, uint64_t to_dir, uint64_t to)
{
    return posix_renameat2(0, from_dir, from, to_dir, to, 0);
}

int64_t posix_rename(OS_N, uint64_t from, uint64_t to)
{
    return posix_renameat2(0, (uint64_t)AT_FDCWD, from, (uint64_t)AT_FDCWD, to, 0);
}

/* Links are not followed, whoever asks for it. */
int64_t posix_linkat(OS_N, uint64_t from_dir, uint64_t from, uint64_t to_dir, uint64_t to, uint64_t flags)
{
    struct place a, b;
    int error = flags ? -EINVAL : place_get(from_dir, from, &a);

    if (!error)
        error = place_get(to_dir, to, &b);
    return error ? error : fs_link(a.dir, a.path, b.dir, b.path);
}

int64_t posix_link(OS_N, uint64_t from, uint64_t to)
{
    return posix_linkat(0, (uint64_t)AT_FDCWD, from, (uint64_t)AT_FDCWD, to, 0);
}

int64_t posix_symlinkat(OS_N, uint64_t target, uint64_t dir, uint64_t path)
{
    char text[FS_PATH_MAX];
    struct place at;
    int error = path_get(target, text);

    if (!error)
        error = place_get(dir, path, &at);
    return error ? error : fs_symlink(text, at.dir, at.path);
}

int64_t posix_symlink(OS_N, uint64_t target, uint64_t path)
{
    return posix_symlinkat(0, target, (uint64_t)AT_FDCWD, path);
}

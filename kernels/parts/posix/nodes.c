/* SPDX-License-Identifier: MIT */
/* nodes.c: the calls on open files and directories of the file system, and the working directory. */
#include "base/string.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

#define EXT2_MAGIC 0xef53
#define DIRENT_MAX (sizeof(struct linux_dirent) + FS_NAME_MAX + 1 + 8)

/* The node of a descriptor that is the file system's, or a negative error. */
static int fd_node(uint64_t fd, int otherwise)
{
    struct file *f = fd_file(fd);

    return !f ? -EBADF : f->ops == &file_ops_fs ? f->node : otherwise;
}

static int64_t fd_sync(uint64_t fd, int (*sync)(int node))
{
    int node = fd_node(fd, -EINVAL), error;

    if (node < 0)
        return node;
    fs_get(node); /* another thread may close the descriptor meanwhile */
    error = sync(node);
    fs_close(node);
    return error;
}

int64_t posix_fsync(OS_N, uint64_t fd)
{
    return fd_sync(fd, fs_fsync);
}

int64_t posix_fdatasync(OS_N, uint64_t fd)
{
    return fd_sync(fd, fs_fdatasync);
}

int64_t posix_sync(OS_N)
{
    fs_sync();
    return 0;
}

int64_t posix_ftruncate(OS_N, uint64_t fd, uint64_t length)
{
    struct file *f = fd_file(fd);
    int error;

    if (!f)
        return -EBADF;
    if (f->ops != &file_ops_fs || (f->flags & O_ACCMODE) == O_RDONLY || (int64_t)length < 0)
        return -EINVAL;
    f->refs++;
    error = fs_truncate(f->node, length);
    file_put(f);
    return error;
}

int64_t posix_fchmod(OS_N, uint64_t fd, uint64_t mode)
{
    int error, node = fd_node(fd, -EINVAL);

    if (node < 0)
        return node;
    fs_get(node); /* another thread may close fd while this one sleeps */
    error = fs_chmod(node, (uint32_t)mode);
    fs_close(node);
    return error;
}

/* Everybody is the same user: files keep the owners that they have. */
int64_t posix_fchown(OS_N, uint64_t fd, uint64_t owner, uint64_t group)
{
    int error, node = fd_node(fd, -EINVAL);
    struct fs_stat stat;

    if (node < 0)
        return node;
    fs_get(node);
    error = fs_stat(node, &stat);
    fs_close(node);
    if (!error && (((uint32_t)owner != UINT32_MAX && (uint32_t)owner != stat.uid) ||
                   ((uint32_t)group != UINT32_MAX && (uint32_t)group != stat.gid)))
        error = -EPERM;
    return error;
}

/* The seconds that a time asks for. */
static uint32_t time_pick(const struct linux_timespec *t, uint32_t now, uint32_t old)
{
    return t->nsec == UTIME_NOW ? now : t->nsec == UTIME_OMIT ? old : (uint32_t)t->sec;
}

int64_t posix_utimensat(OS_N, uint64_t dir, uint64_t path, uint64_t times, uint64_t flags)
{
    struct linux_timespec at[2];
    uint32_t now = (uint32_t)((env_epoch_ns() + env_now_ns()) / 1000000000u);
    char name[FS_PATH_MAX];
    struct fs_stat stat;
    int from, node, error = times ? env_copy_in(at, times, sizeof at) : 0;

    if (error)
        return error;
    if (!path) {
        node = fd_node(dir, -EINVAL);
        if (node >= 0)
            fs_get(node);
    } else {
        error = path_get(path, name);
        if (!error)
            error = path_dir((int)dir, name, &from);
        node = error ? error : fs_open(from, name, flags & AT_SYMLINK_NOFOLLOW ? FS_NOFOLLOW | FS_LINK : 0, 0);
    }
    if (node < 0)
        return node;
    error = fs_stat(node, &stat);
    if (!error)
        error = fs_set_times(node, times ? time_pick(&at[0], now, stat.atime) : now,
                             times ? time_pick(&at[1], now, stat.mtime) : now);
    fs_close(node);
    return error;
}

static int statfs_put(uaddr_t buf)
{
    struct fs_volume v;
    struct linux_statfs out;

    fs_stat_volume(&v);
    out = (struct linux_statfs){.type = EXT2_MAGIC,
                                .bsize = v.block_bytes,
                                .blocks = v.blocks,
                                .bfree = v.blocks_free,
                                .bavail = v.blocks_free,
                                .files = v.nodes,
                                .ffree = v.nodes_free,
                                .namelen = FS_NAME_MAX,
                                .frsize = v.block_bytes};
    return env_copy_out(buf, &out, sizeof out);
}

int64_t posix_fstatfs(OS_N, uint64_t fd, uint64_t buf)
{
    return fd_file(fd) ? statfs_put(buf) : -EBADF;
}

int64_t posix_statfs(OS_N, uint64_t path, uint64_t buf)
{
    char name[FS_PATH_MAX];
    int node, error = path_get(path, name);

    if (error)
        return error;
    node = fs_open(process_current()->cwd, name, 0, 0);
    if (node < 0)
        return node;
    fs_close(node);
    return statfs_put(buf);
}

/* One entry as Linux lays it out; its length, or 0 if it does not fit into room. */
static uint64_t dirent_make(char *out, uint64_t room, const struct fs_entry *e, uint64_t cookie)
{
    uint64_t length = (offsetof(struct linux_dirent, name) + e->name_length + 1u + 7) & ~7ull;
    struct linux_dirent *d = (struct linux_dirent *)out;

    if (length > room)
        return 0;
    memset(out, 0, length);
    d->ino = e->node;
    d->off = cookie;
    d->reclen = (uint16_t)length;
    d->type = e->type;
    memcpy(out + offsetof(struct linux_dirent, name), e->name, e->name_length);
    return length;
}

static int64_t entries_read(struct file *f, uaddr_t buf, uint64_t size)
{
    char one[DIRENT_MAX] __attribute__((aligned(8)));
    uint64_t used = 0;

    for (;;) {
        struct fs_entry e;
        uint64_t cookie = f->offset, length, room = size - used < sizeof one ? size - used : sizeof one;
        int more = fs_entry_next(f->node, &cookie, &e);
        if (more <= 0)
            return more < 0 && !used ? more : (int64_t)used;
        length = dirent_make(one, room, &e, cookie);
        if (!length)
            return used ? (int64_t)used : -EINVAL;
        more = env_copy_out(buf + used, one, length);
        if (more < 0)
            return used ? (int64_t)used : more;
        used += length;
        f->offset = cookie;
    }
}

int64_t posix_getdents64(OS_N, uint64_t fd, uint64_t buf, uint64_t size)
{
    struct file *f = fd_file(fd);
    int64_t used;

    if (!f)
        return -EBADF;
    if (f->ops != &file_ops_fs)
        return -ENOTDIR;
    f->refs++;
    used = entries_read(f, buf, size);
    file_put(f);
    return used;
}

static int64_t cwd_set(int node)
{
    struct process *p = process_current();
    int old = p->cwd;

    p->cwd = node;
    fs_close(old); /* last, for it may sleep */
    return 0;
}

int64_t posix_chdir(OS_N, uint64_t path)
{
    char name[FS_PATH_MAX];
    int node, error = path_get(path, name);

    if (error)
        return error;
    node = fs_open(process_current()->cwd, name, FS_DIRECTORY, 0);
    return node < 0 ? node : cwd_set(node);
}

int64_t posix_fchdir(OS_N, uint64_t fd)
{
    struct fs_stat s;
    int node = fd_node(fd, -ENOTDIR), error = node < 0 ? node : fs_stat(node, &s);

    if (error)
        return error;
    if ((s.mode & S_IFMT) != S_IFDIR)
        return -ENOTDIR;
    fs_get(node);
    return cwd_set(node);
}

/* The name under which directory parent lists node number; its length, or a negative error. */
static int name_find(int parent, uint32_t number, struct fs_entry *e)
{
    uint64_t cookie = 0;
    int more;

    while ((more = fs_entry_next(parent, &cookie, e)) > 0)
        if (e->node == number && strcmp(e->name, ".") && strcmp(e->name, ".."))
            return e->name_length;
    return more < 0 ? more : -ENOENT;
}

/* Climbs from the working directory to the root and writes the names from the end of path backwards. */
static int cwd_path(char *path, uint64_t size, uint64_t *start)
{
    int node = process_current()->cwd, error;
    struct fs_stat s, root;
    struct fs_entry e;

    error = fs_stat(FS_ROOT, &root);
    fs_get(node);
    *start = size;
    while (!error) {
        error = fs_stat(node, &s);
        if (error || s.node == root.node)
            break;
        error = fs_open(node, "..", FS_DIRECTORY, 0);
        fs_close(node);
        if (error < 0)
            return error;
        node = error;
        error = name_find(node, s.node, &e);
        if (error < 0 || *start < (uint64_t)error + 1) {
            error = error < 0 ? error : -ENAMETOOLONG;
            break;
        }
        *start -= (uint64_t)error;
        memcpy(path + *start, e.name, (uint64_t)error);
        path[--*start] = '/';
        error = 0;
    }
    fs_close(node);
    if (!error && *start == size)
        path[--*start] = '/';
    return error;
}

int64_t posix_getcwd(OS_N, uint64_t buf, uint64_t size)
{
    char path[FS_PATH_MAX];
    uint64_t start, length;
    int error = cwd_path(path, sizeof path - 1, &start);

    if (error)
        return error;
    path[sizeof path - 1] = '\0';
    length = sizeof path - start;
    if (length > size)
        return -ERANGE;
    error = env_copy_out(buf, path + start, length);
    return error ? error : (int64_t)length;
}

/* SPDX-License-Identifier: MIT */
/* fake_fs.c: fs.h over a few files in memory (fake_fs.h). */
#include "fake_fs.h"
#include "base/errno.h"
#include "base/panic.h"
#include "fs.h"
#include "host.h"
#include <string.h>

struct fake_fs fake_fs;

static struct fake_file *file_of(int node)
{
    ASSERT(node >= 0 && node < FAKE_FILES && (node == FS_ROOT || fake_fs.files[node].refs > 0));
    return &fake_fs.files[node];
}

int fake_fs_refs(void)
{
    int refs = 0;
    for (unsigned i = 1; i < FAKE_FILES; i++)
        refs += fake_fs.files[i].refs;
    return refs;
}

static void may_sleep(void)
{
    if (fake_fs.sleeps)
        host_sched_pause();
}

int fs_open(int dir, const char *path, uint32_t flags, uint32_t mode)
{
    (void)dir, (void)mode;
    path += *path == '/';
    if (!*path) {
        fake_fs.files[FS_ROOT].refs++;
        return FS_ROOT;
    }
    unsigned node = (unsigned)(path[1] - '0');
    if (path[0] != 'f' || node == 0 || node >= FAKE_FILES || path[2])
        return -ENOENT;
    if (flags & FS_DIRECTORY)
        return -ENOTDIR;
    fake_fs.files[node].refs++;
    return (int)node;
}

void fs_get(int node)
{
    fake_fs.files[node].refs++;
}

void fs_close(int node)
{
    file_of(node)->refs--;
}

int64_t fs_load(int node, uint64_t offset, void *buffer, uint64_t n)
{
    struct fake_file *f = file_of(node);
    fake_fs.loads++;
    may_sleep();
    if (fake_fs.on_load)
        fake_fs.on_load();
    if (fake_fs.load_error)
        return fake_fs.load_error;
    if (offset >= f->size)
        return 0;
    n = n < f->size - offset ? n : f->size - offset;
    memcpy(buffer, f->bytes + offset, n);
    return (int64_t)n;
}

int64_t fs_read(int node, uint64_t offset, uaddr_t buffer, uint64_t n)
{
    struct fake_file *f = file_of(node);
    may_sleep();
    if (offset >= f->size)
        return 0;
    n = n < f->size - offset ? n : f->size - offset;
    return env_copy_out(buffer, f->bytes + offset, n) ? -EFAULT : (int64_t)n;
}

int64_t fs_write(int node, uint64_t offset, uaddr_t buffer, uint64_t n)
{
    struct fake_file *f = file_of(node);
    fake_fs.writes++;
    may_sleep();
    if (fake_fs.write_error)
        return fake_fs.write_error;
    offset = offset == FS_APPEND ? f->size : offset;
    if (offset > f->room || n > f->room - offset)
        return -ENOSPC;
    if (env_copy_in(f->bytes + offset, buffer, n))
        return -EFAULT;
    f->size = offset + n > f->size ? offset + n : f->size;
    return (int64_t)n;
}

int fs_stat(int node, struct fs_stat *out)
{
    struct fake_file *f = file_of(node);
    may_sleep();
    *out = (struct fs_stat){.node = (uint32_t)node + 2, .mode = f->mode, .links = 1, .bytes = f->size};
    return 0;
}

int fs_truncate(int node, uint64_t bytes)
{
    struct fake_file *f = file_of(node);
    if (bytes > f->room)
        return -ENOSPC;
    if (bytes > f->size)
        memset(f->bytes + f->size, 0, bytes - f->size);
    f->size = bytes;
    return 0;
}

int fs_chmod(int node, uint32_t mode)
{
    file_of(node)->mode = mode;
    return 0;
}

int fs_fsync(int node)
{
    file_of(node);
    return 0;
}

int fs_fdatasync(int node)
{
    file_of(node);
    return 0;
}

int fs_sync(void)
{
    return 0;
}

void fs_stat_volume(struct fs_volume *out)
{
    *out = (struct fs_volume){.block_bytes = 4096};
}

void fs_books(struct fs_books *out)
{
    *out = (struct fs_books){0};
}

int fs_entry_next(int node, uint64_t *cookie, struct fs_entry *out)
{
    (void)node, (void)cookie, (void)out;
    return 0;
}

int64_t fs_readlink(int node, char *out, uint64_t size)
{
    (void)node, (void)out, (void)size;
    return -EINVAL;
}

int fs_set_times(int node, uint32_t atime, uint32_t mtime)
{
    (void)node, (void)atime, (void)mtime;
    return -ENOSYS;
}

int fs_mkdir(int dir, const char *path, uint32_t mode)
{
    (void)dir, (void)path, (void)mode;
    return -ENOSYS;
}

int fs_rmdir(int dir, const char *path)
{
    (void)dir, (void)path;
    return -ENOSYS;
}

int fs_unlink(int dir, const char *path)
{
    (void)dir, (void)path;
    return -ENOSYS;
}

int fs_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    (void)from_dir, (void)from, (void)to_dir, (void)to;
    return -ENOSYS;
}

int fs_link(int from_dir, const char *from, int to_dir, const char *to)
{
    (void)from_dir, (void)from, (void)to_dir, (void)to;
    return -ENOSYS;
}

int fs_symlink(const char *target, int dir, const char *path)
{
    (void)target, (void)dir, (void)path;
    return -ENOSYS;
}

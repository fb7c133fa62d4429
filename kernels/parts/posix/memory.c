/* SPDX-License-Identifier: MIT */
/* memory.c: the calls on address spaces. */
#include "alloc.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

static struct space *space_current(void)
{
    return process_current()->space;
}

static uint32_t access_of(uint64_t prot)
{
    return (prot & PROT_READ ? PAGER_READ : 0) | (prot & PROT_WRITE ? PAGER_WRITE : 0) |
           (prot & PROT_EXEC ? PAGER_EXEC : 0);
}

/* Asks the file for what a mapping needs to know, and takes a reference of its node.  May sleep. */
static int source_open(const struct file *f, uint64_t offset, struct pager_source *out)
{
    struct fs_stat s;
    int error = fs_stat(f->node, &s);

    if (!error && (s.mode & S_IFMT) != S_IFREG)
        error = -ENODEV;
    if (error)
        return error;
    fs_get(f->node);
    *out = (struct pager_source){
        .kind = PAGER_FILE, .node = f->node, .offset = offset, .bytes = s.bytes > offset ? s.bytes - offset : 0};
    return 0;
}

/* The source behind a mapping of a descriptor, with a reference of its node.  A shared mapping of a file that is open
   for reading only stays so: *how gets PAGER_NO_WRITE. */
static int source_get(uint64_t fd, uint64_t flags, uint64_t prot, uint64_t offset, struct pager_source *out,
                      uint32_t *how)
{
    struct file *f = fd_file(fd);
    uint32_t mode;
    int error;

    if (!f)
        return -EBADF;
    if (f->ops != &file_ops_fs)
        return -ENODEV;
    if (offset % PAGE_BYTES)
        return -EINVAL;
    mode = f->flags & O_ACCMODE;
    if (mode == O_WRONLY || (flags & MAP_SHARED && prot & PROT_WRITE && mode != O_RDWR))
        return -EACCES;
    if (flags & MAP_SHARED && mode == O_RDONLY)
        *how |= PAGER_NO_WRITE;
    f->refs++; /* another thread may close it meanwhile */
    error = source_open(f, offset, out);
    file_put(f);
    return error;
}

int64_t posix_mmap(OS_N, uint64_t addr, uint64_t length, uint64_t prot, uint64_t flags, uint64_t fd, uint64_t offset)
{
    struct pager_source source = {.kind = PAGER_ZERO};
    uint32_t how =
        access_of(prot) | (flags & MAP_SHARED ? PAGER_SHARED : 0) | (flags & MAP_POPULATE ? PAGER_POPULATE : 0);
    int error = 0;

    if (!(flags & MAP_SHARED) == !(flags & MAP_PRIVATE))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        error = source_get(fd, flags, prot, offset, &source, &how);
    if (!error)
        error = pager_map(space_current(), &addr, length, how, flags & MAP_FIXED, &source);
    if (source.kind == PAGER_FILE)
        fs_close(source.node);
    return error ? error : (int64_t)addr;
}

int64_t posix_munmap(OS_N, uint64_t addr, uint64_t length)
{
    return pager_unmap(space_current(), addr, length);
}

int64_t posix_mprotect(OS_N, uint64_t addr, uint64_t length, uint64_t prot)
{
    return length ? pager_protect(space_current(), addr, length, access_of(prot)) : 0;
}

int64_t posix_msync(OS_N, uint64_t addr, uint64_t length, uint64_t flags)
{
    (void)flags;
    return addr % PAGE_BYTES ? -EINVAL : pager_sync(space_current(), addr, length);
}

int64_t posix_madvise(OS_N, uint64_t addr, uint64_t length, uint64_t advice)
{
    if (length == 0 || (advice != MADV_DONTNEED && advice != MADV_FREE))
        return 0;
    return pager_advise_free(space_current(), addr, length);
}

int64_t posix_brk(OS_N, uint64_t addr)
{
    return (int64_t)pager_brk(space_current(), addr);
}

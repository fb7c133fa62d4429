/* SPDX-License-Identifier: MIT */
/*
 * fs.h: the file system: one ext2 volume on the disk of blk.h, with a write-back cache.
 *
 * A *node* is a small number naming an open file, directory or symbolic link, with a count of openers; FS_ROOT
 * is always open.  Offsets and open-file state belong to the caller (posix).  A file that is unlinked while open
 * stays until its last fs_close.  All functions may sleep.  Every error is a negative errno; outputs are written
 * only on success.  Paths are strings of this domain, relative to the node dir unless they begin with '/'.
 *
 * Any function but fs_mount may return -EIO (disk), -EUCLEAN (the volume is damaged: nothing more is written to
 * it), -ENOMEM; those that change the volume also -ENOSPC and -EROFS.
 */
#ifndef TOLL_FS_H
#define TOLL_FS_H

#include "env.h"
#include <stdint.h>

#define FS_ROOT 0
#define FS_NAME_MAX 255u
#define FS_PATH_MAX 1024u
#define FS_NODES_MAX 512u

/* For fs_open. */
enum fs_flags {
    FS_CREATE = 1,    /* make a regular file if the name is free */
    FS_EXCLUSIVE = 2, /* with FS_CREATE: -EEXIST if it is not */
    FS_TRUNCATE = 4,  /* a regular file becomes empty */
    FS_DIRECTORY = 8, /* -ENOTDIR unless a directory */
    FS_NOFOLLOW = 16, /* -ELOOP if the last component is a symbolic link, which FS_LINK opens instead */
    FS_LINK = 32,
    FS_WRITE = 64 /* -EISDIR for a directory, -EROFS on a read-only volume */
};

/* Linux's S_IF* values in mode. */
struct fs_stat {
    uint32_t node; /* inode number on the volume */
    uint32_t mode;
    uint32_t links;
    uint32_t uid, gid;
    uint64_t bytes;
    uint64_t blocks; /* of 512 bytes, as stat reports them */
    uint32_t block_bytes;
    uint32_t atime, mtime, ctime; /* seconds since 1970 */
};

struct fs_entry {
    uint32_t node;
    uint8_t type; /* Linux's DT_* */
    uint8_t name_length;
    char name[FS_NAME_MAX + 1];
};

struct fs_volume {
    uint32_t block_bytes;
    uint64_t blocks, blocks_free;
    uint64_t nodes, nodes_free;
};

/* Books for tests and reports. */
struct fs_books {
    uint64_t cache_hits, cache_misses, blocks_read, blocks_written, flushes;
    uint64_t frames; /* page frames in use in the domain of this part */
};

/* Mounts the volume; cache_pages limits the cache.  -ENODEV, -EINVAL (not an ext2 volume that this can mount),
   -EUCLEAN (damaged).  An ext2 feature outside filetype, sparse_super and large_file is refused if incompatible,
   and makes the volume read-only if ro-compatible. */
int fs_mount(uint32_t cache_pages);

/* Writes everything, marks the volume clean, forgets it.  -EBUSY while nodes other than FS_ROOT are open. */
int fs_unmount(void);

/* Writes everything that is dirty and flushes the disk. */
int fs_sync(void);

/* Opens path and returns its node.  mode: permission bits of a file that is made.
   -ENOENT -ENOTDIR -EEXIST -EISDIR -ELOOP -ENAMETOOLONG -ENFILE */
int fs_open(int dir, const char *path, uint32_t flags, uint32_t mode);
void fs_get(int node);   /* one more opener */
void fs_close(int node); /* one fewer */

/* Reads up to n bytes at offset straight from the cache to the caller: the bytes read, 0 at the end, -EFAULT if
   none could be stored, -EISDIR. */
int64_t fs_read(int node, uint64_t offset, uaddr_t buffer, uint64_t n);

/* The same to memory of this domain (the pager, the program loader). */
int64_t fs_load(int node, uint64_t offset, void *buffer, uint64_t n);

/* Writes n bytes at offset into the cache, growing the file; the bytes written.  With offset FS_APPEND at its end.
   -EFBIG past what ext2 can hold, -EFAULT, -EISDIR. */
#define FS_APPEND UINT64_MAX
int64_t fs_write(int node, uint64_t offset, uaddr_t buffer, uint64_t n);

int fs_truncate(int node, uint64_t bytes); /* -EFBIG -EISDIR -EINVAL (not a regular file) */
int fs_fsync(int node);                    /* the file's data and all of its inode are on stable storage */
int fs_fdatasync(int node);                /* its data and what is needed to find it; its times may not be */
int fs_stat(int node, struct fs_stat *out);
void fs_stat_volume(struct fs_volume *out);
void fs_books(struct fs_books *out);

/* The entry at *cookie (0 first), which moves on.  1, 0 at the end, -ENOTDIR.  Entries made or removed meanwhile
   may or may not be seen; all others are seen once. */
int fs_entry_next(int node, uint64_t *cookie, struct fs_entry *out);

int fs_mkdir(int dir, const char *path, uint32_t mode);
int fs_rmdir(int dir, const char *path);  /* -ENOTEMPTY -EBUSY (the root) -EINVAL (".") */
int fs_unlink(int dir, const char *path); /* -EISDIR */
int fs_rename(int from_dir, const char *from, int to_dir,
              const char *to);                                           /* replaces atomically; -EINVAL into itself */
int fs_link(int from_dir, const char *from, int to_dir, const char *to); /* -EPERM for a directory, -EEXIST -EMLINK */
int fs_symlink(const char *target, int dir, const char *path);
int64_t fs_readlink(int node, char *out, uint64_t size); /* length; not terminated; -EINVAL if not a link */
int fs_set_times(int node, uint32_t atime, uint32_t mtime);
int fs_chmod(int node, uint32_t mode);

#endif

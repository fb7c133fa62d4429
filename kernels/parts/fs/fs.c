/* SPDX-License-Identifier: MIT */
/*
 * fs.c: what can be asked of and set in an open node.
 */
#include "alloc.h"
#include "fs_part.h"

#define MODE_BITS 07777u

void fs_get(int node)
{
    struct node *n = node_at(node);
    if (n)
        n->refs++;
}

void fs_close(int node)
{
    struct node *n = node_at(node);
    if (UNLIKELY(!n || (node == FS_ROOT && n->refs == 1)))
        return;
    if (LIKELY(n->links || n->refs > 1)) {
        if (--n->refs == 0)
            node_open_count--;
        return;
    }
    if (volume_lock() == 0) {
        node_put(n);
        volume_unlock();
    }
}

int fs_stat(int node, struct fs_stat *out)
{
    const struct node *n = node_at(node);
    if (UNLIKELY(!n))
        return -EBADF;
    *out = (struct fs_stat){.node = n->ino,
                            .mode = n->mode,
                            .links = n->links,
                            .uid = n->uid,
                            .gid = n->gid,
                            .bytes = n->size,
                            .blocks = n->sectors,
                            .block_bytes = volume.block_bytes,
                            .atime = n->atime,
                            .mtime = n->mtime,
                            .ctime = n->ctime};
    return 0;
}

void fs_stat_volume(struct fs_volume *out)
{
    *out = (struct fs_volume){.block_bytes = volume.block_bytes,
                              .blocks = volume.blocks,
                              .blocks_free = volume.blocks_free + balloc_pending_count(),
                              .nodes = volume.inodes,
                              .nodes_free = volume.inodes_free + node_ended_count};
}

void fs_books(struct fs_books *out)
{
    *out = volume.books;
    out->frames = alloc_total_pages() - alloc_free_pages();
}

int fs_entry_next(int node, uint64_t *cookie, struct fs_entry *out)
{
    struct node *n = node_at(node);
    uint64_t at = *cookie;
    if (!n)
        return -EBADF;
    if (!node_is(n, EXT2_S_DIR))
        return -ENOTDIR;
    int found = volume_lock();
    if (found)
        return found;
    found = dir_next(n, &at, out);
    volume_unlock();
    if (found > 0)
        *cookie = at;
    return found;
}

int64_t fs_readlink(int node, char *out, uint64_t size)
{
    struct node *n = node_at(node);
    uint32_t length;
    if (!n || !node_is(n, EXT2_S_LINK))
        return n ? -EINVAL : -EBADF;
    int error = volume_lock();
    if (error)
        return error;
    error = path_read_link(n, out, size < UINT32_MAX ? (uint32_t)size : UINT32_MAX, &length);
    volume_unlock();
    return error ? error : (int64_t)length;
}

int fs_set_times(int node, uint32_t atime, uint32_t mtime)
{
    struct node *n = node_at(node);
    if (!n)
        return -EBADF;
    int error = volume_begin();
    if (error)
        return error;
    n->atime = atime;
    n->mtime = mtime;
    n->ctime = volume_now();
    node_touch(n);
    volume_unlock();
    return 0;
}

int fs_chmod(int node, uint32_t mode)
{
    struct node *n = node_at(node);
    if (!n)
        return -EBADF;
    int error = volume_begin();
    if (error)
        return error;
    n->mode = (uint16_t)((n->mode & EXT2_S_FMT) | (mode & MODE_BITS));
    n->ctime = volume_now();
    node_touch(n);
    volume_unlock();
    return 0;
}

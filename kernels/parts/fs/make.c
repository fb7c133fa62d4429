/* SPDX-License-Identifier: MIT */
/*
 * make.c: opens files and makes new ones.  An inode that was made and got no name goes the way of any inode without
 * names.
 */
#include "fs_part.h"

#define MODE_BITS 07777u

/* ---- making ---- */

static void discard(struct node *n)
{
    node_drop_links(n, n->links);
    node_put(n);
}

static int add_name(struct path *p, struct node *n)
{
    struct buffer *where;
    int error = dir_add(p->dir, p->name, p->name_length, n, &where);
    if (error)
        discard(n);
    return error;
}

static int make_file(struct path *p, uint32_t mode)
{
    struct node *n;
    if (p->slash)
        return -EISDIR;
    int error = tree_check_new(p);
    if (!error)
        error = node_make(p->dir, EXT2_S_FILE | (mode & MODE_BITS), &n);
    if (!error)
        error = add_name(p, n);
    if (!error)
        p->node = n;
    return error;
}

static int make_directory(struct path *p, uint32_t mode)
{
    struct node *n;
    int error = tree_check_new(p);
    if (!error && p->dir->links >= EXT2_LINK_MAX)
        error = -EMLINK;
    if (!error)
        error = node_make(p->dir, EXT2_S_DIR | (mode & MODE_BITS), &n);
    if (error)
        return error;
    error = dir_make(n, p->dir);
    if (error) {
        discard(n);
        return error;
    }
    error = add_name(p, n);
    if (error)
        return error;
    p->dir->links++;
    node_touch(p->dir);
    p->node = n;
    return 0;
}

static int fill_link(struct node *n, const char *target, uint32_t length)
{
    uint32_t block;
    struct buffer *b;
    n->size = length;
    if (length < EXT2_FAST_LINK_MAX) {
        memcpy(n->block, target, length);
        return 0;
    }
    int error = map_alloc(n, 0, &block);
    if (!error)
        error = cache_get_cleared(block, &b);
    if (error)
        return error;
    memcpy(b->data, target, length);
    cache_dirty(b, CLASS_DATA);
    cache_put(b);
    return 0;
}

static int make_link(struct path *p, const char *target, uint32_t length)
{
    struct node *n;
    if (p->slash && !p->node)
        return -ENOENT;
    int error = tree_check_new(p);
    if (!error)
        error = node_make(p->dir, EXT2_S_LINK | 0777, &n);
    if (error)
        return error;
    error = fill_link(n, target, length);
    if (error) {
        discard(n);
        return error;
    }
    error = add_name(p, n);
    if (!error)
        p->node = n;
    return error;
}

/* ---- opening ---- */

static int check_open(const struct node *n, uint32_t flags)
{
    bool directory = node_is(n, EXT2_S_DIR);
    if (flags & FS_CREATE && flags & FS_EXCLUSIVE)
        return -EEXIST;
    if (node_is(n, EXT2_S_LINK) && !(flags & FS_LINK))
        return -ELOOP;
    if (flags & FS_DIRECTORY && !directory)
        return -ENOTDIR;
    if (directory && flags & (FS_WRITE | FS_TRUNCATE | FS_CREATE))
        return -EISDIR;
    if (volume.read_only && flags & (FS_WRITE | FS_TRUNCATE))
        return -EROFS;
    if (n->refs == 1 && node_open_count > FS_NODES_MAX - NODE_RESERVE)
        return -ENFILE;
    return 0;
}

static int open_slow(int dir, const char *path, uint32_t flags, uint32_t mode)
{
    struct path p;
    bool exclusive = flags & FS_CREATE && flags & FS_EXCLUSIVE;
    int error = path_find(dir, path, flags & (FS_NOFOLLOW | FS_LINK) || exclusive ? 0 : PATH_FOLLOW, &p);
    if (error)
        return error;
    if (p.node)
        error = check_open(p.node, flags);
    else if (!(flags & FS_CREATE))
        error = -ENOENT;
    else if (node_open_count >= FS_NODES_MAX - NODE_RESERVE)
        error = -ENFILE;
    else
        error = make_file(&p, mode);
    int number = error;
    if (!error) {
        p.node->refs++;
        number = node_number(p.node);
    }
    path_put(&p);
    return number;
}

int fs_open(int dir, const char *path, uint32_t flags, uint32_t mode)
{
    struct node *n = fast_open(dir, path, flags);
    if (LIKELY(n))
        return node_number(n);
    int error = volume_lock();
    if (error)
        return error;
    int number = open_slow(dir, path, flags, mode);
    volume_unlock();
    if (number >= 0 && flags & FS_TRUNCATE && node_is(&nodes[number], EXT2_S_FILE)) {
        error = fs_truncate(number, 0);
        if (error) {
            fs_close(number);
            return error;
        }
    }
    return number;
}

int fs_mkdir(int dir, const char *path, uint32_t mode)
{
    struct path p;
    int error = volume_lock();
    if (error)
        return error;
    error = path_find(dir, path, 0, &p);
    if (!error) {
        error = make_directory(&p, mode);
        path_put(&p);
    }
    volume_unlock();
    return error;
}

int fs_symlink(const char *target, int dir, const char *path)
{
    struct path p;
    uint32_t length = (uint32_t)strnlen(target, FS_PATH_MAX);
    if (!length)
        return -ENOENT;
    int error = volume_lock();
    if (error)
        return error;
    if (length >= FS_PATH_MAX || length >= volume.block_bytes)
        error = -ENAMETOOLONG;
    else
        error = path_find(dir, path, 0, &p);
    if (!error) {
        error = make_link(&p, target, length);
        path_put(&p);
    }
    volume_unlock();
    return error;
}

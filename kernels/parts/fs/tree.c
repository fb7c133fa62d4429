/* SPDX-License-Identifier: MIT */
/*
 * tree.c: makes and removes names.  Each operation checks everything and finds room first, then changes directories
 * and nodes without a way to fail.
 */
#include "fs_part.h"

#define MODE_BITS 07777u

/* ---- making ---- */

/* A new node under the free name that p found.  An inode that got no name goes as any inode without names does. */
static int check_new(const struct path *p)
{
    if (p->node)
        return -EEXIST;
    if (!p->dir->links)
        return -ENOENT;
    return volume_make_room();
}

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
    int error = check_new(p);
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
    int error = check_new(p);
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
    int error = check_new(p);
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

static int link_to(struct path *from, struct path *to)
{
    struct buffer *where;
    struct node *n = from->node;
    if (!n)
        return -ENOENT;
    if (node_is(n, EXT2_S_DIR))
        return -EPERM;
    if (to->slash && !to->node)
        return -ENOENT;
    if (n->links >= EXT2_LINK_MAX)
        return -EMLINK;
    int error = check_new(to);
    if (!error && !n->links)
        error = -ENOENT;
    if (!error)
        error = dir_add(to->dir, to->name, to->name_length, n, &where);
    if (error)
        return error;
    n->links++;
    n->ctime = volume_now();
    node_touch(n);
    return 0;
}

/* Finds both paths and acts on them. */
static int with_two(int from_dir, const char *from, int to_dir, const char *to,
                    int (*act)(struct path *from, struct path *to))
{
    struct path a, b;
    int error = volume_begin();
    if (error)
        return error;
    error = path_find(from_dir, from, 0, &a);
    if (!error) {
        error = path_find(to_dir, to, 0, &b);
        if (!error) {
            error = act(&a, &b);
            path_put(&b);
        }
        path_put(&a);
    }
    volume_unlock();
    return error;
}

int fs_link(int from_dir, const char *from, int to_dir, const char *to)
{
    return with_two(from_dir, from, to_dir, to, link_to);
}

/* ---- removing ---- */

/* The entry that the path's name stands for. */
static int find_entry(struct path *p, struct dir_place *place)
{
    int error = dir_find(p->dir, p->name, p->name_length, place);
    if (!error && place->ino != p->node->ino) {
        cache_put(place->buffer);
        error = volume_damage("directory", p->dir->ino);
    }
    return error;
}

static int unlink_path(struct path *p)
{
    struct dir_place place;
    struct node *n = p->node;
    if (!n)
        return -ENOENT;
    if (node_is(n, EXT2_S_DIR))
        return -EISDIR;
    if (!n->links)
        return volume_damage("links of inode", n->ino);
    int error = find_entry(p, &place);
    if (error)
        return error;
    if (n->links > 1)
        error = commit_before_late(place.buffer);
    if (!error) {
        dir_remove(p->dir, &place, n->links > 1);
        node_drop_links(n, 1);
    }
    cache_put(place.buffer);
    return error;
}

/* Whether n can go: an empty directory that only its parent and itself lead to. */
static int check_removable(const struct path *p, struct node *n)
{
    if (n->links < 2 || p->dir->links < 3 || n == p->dir)
        return volume_damage("links of directory", n->ino);
    return dir_check_empty(n);
}

static void drop_directory(struct path *p, struct node *n)
{
    names_remove(n->ino, "..", 2);
    node_drop_links(n, n->links);
    p->dir->links--;
    node_touch(p->dir);
}

static int rmdir_path(struct path *p)
{
    struct dir_place place;
    struct node *n = p->node;
    if (!n)
        return -ENOENT;
    if (!node_is(n, EXT2_S_DIR))
        return -ENOTDIR;
    if (p->dot)
        return p->up ? -ENOTEMPTY : -EINVAL;
    if (n->ino == EXT2_ROOT_INO)
        return -EBUSY;
    int error = check_removable(p, n);
    if (!error)
        error = find_entry(p, &place);
    if (error)
        return error;
    dir_remove(p->dir, &place, false);
    cache_put(place.buffer);
    drop_directory(p, n);
    return 0;
}

static int with_one(int dir, const char *path, int (*act)(struct path *p))
{
    struct path p;
    int error = volume_begin();
    if (error)
        return error;
    error = path_find(dir, path, 0, &p);
    if (!error) {
        error = act(&p);
        path_put(&p);
    }
    volume_unlock();
    return error;
}

int fs_unlink(int dir, const char *path)
{
    return with_one(dir, path, unlink_path);
}

int fs_rmdir(int dir, const char *path)
{
    return with_one(dir, path, rmdir_path);
}

/* ---- renaming ---- */

static int check_rename(struct path *from, struct path *to)
{
    struct node *n = from->node, *old = to->node;
    bool directory = node_is(n, EXT2_S_DIR), moves = from->dir != to->dir;
    if (!directory)
        return old && node_is(old, EXT2_S_DIR) ? -EISDIR : to->slash ? -ENOTDIR : 0;
    if (old && !node_is(old, EXT2_S_DIR))
        return -ENOTDIR;
    int below = path_is_below(to->dir, n);
    if (below)
        return below > 0 ? -EINVAL : below;
    if (old) {
        int error = check_removable(to, old);
        if (error)
            return error;
    }
    if (moves && from->dir->links < 3)
        return volume_damage("links of directory", from->dir->ino);
    return moves && !old && to->dir->links >= EXT2_LINK_MAX ? -EMLINK : 0;
}

/* The new name: in block *where. */
static int name_anew(struct path *to, struct node *n, uint32_t *where)
{
    struct dir_place place;
    struct buffer *b;
    if (!to->node) {
        int error = dir_add(to->dir, to->name, to->name_length, n, &b);
        if (!error)
            *where = b->block;
        return error;
    }
    int error = find_entry(to, &place);
    if (error)
        return error;
    dir_set(to->dir, &place, n);
    *where = place.buffer->block;
    cache_put(place.buffer);
    if (node_is(to->node, EXT2_S_DIR))
        drop_directory(to, to->node);
    else
        node_drop_links(to->node, 1);
    return 0;
}

static void change_parent(struct path *from, struct path *to, struct dir_place *up)
{
    dir_set(from->node, up, to->dir);
    from->dir->links--;
    to->dir->links++;
    node_touch(from->dir);
    node_touch(to->dir);
}

/* Commits what must be on the disk before the name in place goes: commit.c. */
static int order(const struct path *to, const struct dir_place *place)
{
    if (to->node && to->node->links > (node_is(to->node, EXT2_S_DIR) ? 2 : 1))
        return commit_all();
    return commit_before_late(place->buffer);
}

static int move_name(struct path *from, struct path *to, struct dir_place *up)
{
    struct dir_place place;
    uint32_t where = 0;
    int error = find_entry(from, &place);
    if (error)
        return error;
    error = order(to, &place);
    if (!error)
        error = name_anew(to, from->node, &where);
    cache_put(place.buffer);
    if (!error)
        error = find_entry(from, &place); /* the entry before it may be another now */
    if (error)
        return error;
    dir_remove(from->dir, &place, place.buffer->block != where);
    cache_put(place.buffer);
    if (up)
        change_parent(from, to, up);
    from->node->ctime = volume_now();
    node_touch(from->node);
    return 0;
}

static int rename_path(struct path *from, struct path *to)
{
    struct dir_place up;
    if (!from->node)
        return -ENOENT;
    if (!from->name_length || !to->name_length)
        return -EBUSY;
    if (!to->dir->links)
        return -ENOENT;
    if (from->node == to->node)
        return 0;
    if (!from->node->links || (to->node && !to->node->links))
        return volume_damage("links of inode", from->node->ino);
    int error = check_rename(from, to);
    if (error)
        return error;
    if (!node_is(from->node, EXT2_S_DIR) || from->dir == to->dir)
        return move_name(from, to, NULL);
    error = dir_find(from->node, "..", 2, &up);
    if (error)
        return error == -ENOENT ? volume_damage("parent of directory", from->node->ino) : error;
    error = move_name(from, to, &up);
    cache_put(up.buffer);
    return error;
}

int fs_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    return with_two(from_dir, from, to_dir, to, rename_path);
}

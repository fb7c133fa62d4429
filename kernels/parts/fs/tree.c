/* SPDX-License-Identifier: MIT */
/*
 * tree.c: adds and removes names.  Like rename.c, each operation checks everything and finds room first, then changes
 * directories and nodes.
 */
#include "fs_part.h"

int tree_check_new(const struct path *p)
{
    if (p->node)
        return -EEXIST;
    if (!p->dir->links)
        return -ENOENT;
    return volume_make_room();
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

/* Finds both paths and acts on them. */
int tree_with_two(int from_dir, const char *from, int to_dir, const char *to,
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
    int error = tree_check_new(to);
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

int fs_link(int from_dir, const char *from, int to_dir, const char *to)
{
    return tree_with_two(from_dir, from, to_dir, to, link_to);
}

/* The entry that the path's name stands for. */
int tree_find_entry(struct path *p, struct dir_place *place)
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
    int error = tree_find_entry(p, &place);
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
int tree_check_removable(const struct path *p, struct node *n)
{
    if (n->links < 2 || p->dir->links < 3 || n == p->dir)
        return volume_damage("links of directory", n->ino);
    return dir_check_empty(n);
}

void tree_drop_directory(struct path *p, struct node *n)
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
    int error = tree_check_removable(p, n);
    if (!error)
        error = tree_find_entry(p, &place);
    if (error)
        return error;
    dir_remove(p->dir, &place, false);
    cache_put(place.buffer);
    tree_drop_directory(p, n);
    return 0;
}

int fs_unlink(int dir, const char *path)
{
    return with_one(dir, path, unlink_path);
}

int fs_rmdir(int dir, const char *path)
{
    return with_one(dir, path, rmdir_path);
}

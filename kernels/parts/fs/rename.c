/* SPDX-License-Identifier: MIT */
/*
 * rename.c: moves a name, which may take the place of another.  The new name reaches the disk before the old one
 * goes: commit.c.
 */
#include "fs_part.h"

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
        int error = tree_check_removable(to, old);
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
    int error = tree_find_entry(to, &place);
    if (error)
        return error;
    dir_set(to->dir, &place, n);
    *where = place.buffer->block;
    cache_put(place.buffer);
    if (node_is(to->node, EXT2_S_DIR))
        tree_drop_directory(to, to->node);
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
    int error = tree_find_entry(from, &place);
    if (error)
        return error;
    error = order(to, &place);
    if (!error)
        error = name_anew(to, from->node, &where);
    cache_put(place.buffer);
    if (!error)
        error = tree_find_entry(from, &place); /* the entry before it may be another now */
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
    return tree_with_two(from_dir, from, to_dir, to, rename_path);
}

/* SPDX-License-Identifier: MIT */
/*
 * path.c: from a path to nodes, one component at a time, with symbolic links.  The text still to be walked lies in
 * one buffer (volume.lock is held); a link's target is put before the rest of it.  The number of links in one walk
 * is limited, so links cannot make a loop; nor can directories, since each step uses up text.
 */
#include "fs_part.h"

#define LINKS_MAX 40u

static char rest[2 * FS_PATH_MAX];

int path_child(struct node *dir, const char *name, uint32_t length, struct node **out)
{
    const struct name *known = names_find(dir->ino, name, length);
    if (known)
        return node_get(known->ino, out);
    struct dir_place place;
    int error = dir_find(dir, name, length, &place);
    if (error)
        return error;
    cache_put(place.buffer);
    error = node_get(place.ino, out);
    if (!error)
        names_add(dir->ino, name, length, *out);
    return error;
}

int path_read_link(struct node *n, char *out, uint32_t size, uint32_t *length)
{
    uint32_t block, count = n->size < size ? (uint32_t)n->size : size;
    struct buffer *b;
    *length = count;
    if (!node_has_map(n)) {
        memcpy(out, n->block, count);
        return 0;
    }
    int error = map_find(n, 0, &block);
    if (!error && !block)
        error = volume_damage("symbolic link", n->ino);
    if (!error)
        error = cache_get(block, &b);
    if (error)
        return error;
    memcpy(out, b->data, count);
    cache_put(b);
    return 0;
}

/* Puts the target of link before what is left of the path. */
static int expand(struct node *link, const char **at)
{
    static char joined[2 * FS_PATH_MAX];
    uint32_t length, left = (uint32_t)strlen(*at);
    if (link->size + left >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    int error = path_read_link(link, joined, FS_PATH_MAX, &length);
    if (error)
        return error;
    if (strnlen(joined, length) < length)
        return volume_damage("symbolic link", link->ino);
    memcpy(joined + length, *at, left + 1);
    memcpy(rest, joined, length + left + 1);
    *at = rest;
    return 0;
}

static void move_to(struct path *p, struct node *dir)
{
    node_put(p->dir);
    p->dir = dir;
}

static int go_to_root(struct path *p)
{
    struct node *root;
    int error = node_get(EXT2_ROOT_INO, &root);
    if (!error)
        move_to(p, root);
    return error;
}

static const char *skip_slashes(const char *at)
{
    while (*at == '/')
        at++;
    return at;
}

/* Takes the next component off *at into p.  Its length, or 0 if there is none. */
static int take_name(struct path *p, const char **at)
{
    uint32_t length = 0;
    while ((*at)[length] && (*at)[length] != '/')
        length++;
    if (length > FS_NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(p->name, *at, length);
    p->name[length] = 0;
    p->name_length = length;
    *at += length;
    p->slash = **at == '/';
    return (int)length;
}

/* "." and "..": the path goes on from there, with no name. */
static int take_dots(struct path *p)
{
    p->dot = true;
    p->up = p->name_length == 2;
    p->name_length = 0;
    if (!p->up)
        return 0;
    struct node *parent;
    int error = path_child(p->dir, "..", 2, &parent);
    if (error)
        return error == -ENOENT ? volume_damage("parent of directory", p->dir->ino) : error;
    if (!node_is(parent, EXT2_S_DIR)) {
        node_put(parent);
        return volume_damage("parent of directory", p->dir->ino);
    }
    move_to(p, parent);
    return 0;
}

static bool is_dots(const struct path *p)
{
    return p->name[0] == '.' && (p->name_length == 1 || (p->name_length == 2 && p->name[1] == '.'));
}

/* One component; *at is behind it.  1: it was the last one and p->node is what it names, or NULL. */
static int take_child(struct path *p, const char **at, uint32_t flags, unsigned *links)
{
    struct node *child;
    bool last = !*skip_slashes(*at);
    int error = path_child(p->dir, p->name, p->name_length, &child);
    if (error == -ENOENT && last)
        return 1;
    if (error)
        return error;
    if (node_is(child, EXT2_S_LINK) && (!last || p->slash || flags & PATH_FOLLOW)) {
        error = ++*links > LINKS_MAX ? -ELOOP : expand(child, at);
        node_put(child);
        if (!error && **at == '/')
            error = go_to_root(p);
        return error;
    }
    if (last) {
        p->node = child;
        return 1;
    }
    if (!node_is(child, EXT2_S_DIR)) {
        node_put(child);
        return -ENOTDIR;
    }
    move_to(p, child);
    return 0;
}

static int walk(struct path *p, const char *at, uint32_t flags)
{
    unsigned links = 0;
    for (;;) {
        at = skip_slashes(at);
        p->dot = p->up = false;
        int taken = take_name(p, &at);
        if (taken > 0)
            taken = is_dots(p) ? take_dots(p) : take_child(p, &at, flags, &links);
        else if (taken == 0)
            taken = 1;
        if (taken < 0)
            return taken;
        if (taken == 0 && p->dot && !*skip_slashes(at))
            taken = 1;
        if (taken == 0)
            continue;
        if (!p->name_length) { /* the directory itself */
            p->node = p->dir;
            p->node->refs++;
        }
        return 0;
    }
}

int path_find(int dir, const char *text, uint32_t flags, struct path *out)
{
    struct node *start = *text == '/' ? &nodes[FS_ROOT] : node_at(dir);
    if (!start || !start->refs)
        return -EBADF;
    if (!*text)
        return -ENOENT;
    if (strnlen(text, FS_PATH_MAX) >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    if (!node_is(start, EXT2_S_DIR))
        return -ENOTDIR;
    start->refs++;
    out->dir = start;
    out->node = NULL;
    int error = walk(out, text, flags);
    if (!error && out->node && out->slash && !node_is(out->node, EXT2_S_DIR))
        error = -ENOTDIR;
    if (error)
        path_put(out);
    return error;
}

void path_put(struct path *p)
{
    if (p->node)
        node_put(p->node);
    node_put(p->dir);
    p->node = p->dir = NULL;
}

int path_is_below(struct node *dir, const struct node *node)
{
    struct node *at = dir;
    int error = 0, found = 0;
    at->refs++;
    for (uint32_t steps = 0; !error; steps++) {
        struct node *parent;
        found = at == node;
        if (found || at->ino == EXT2_ROOT_INO)
            break;
        if (steps > volume.inodes)
            error = volume_damage("parent of directory", dir->ino);
        else
            error = path_child(at, "..", 2, &parent);
        if (!error) {
            node_put(at);
            at = parent;
            if (!node_is(at, EXT2_S_DIR))
                error = volume_damage("parent of directory", dir->ino);
        }
    }
    node_put(at);
    if (error == -ENOENT)
        error = volume_damage("parent of directory", dir->ino);
    return error ? error : found;
}

/* SPDX-License-Identifier: MIT */
/*
 * fast.c: opening what was opened before, without a lock.
 *
 * A thread loses the processor only where it sleeps, so nothing changes while this file looks.  Another thread may
 * hold volume.lock and sleep in the middle of a change; what is seen is right all the same, since a change
 *   - takes a name out of names.c in the same breath as its entry out of the directory,
 *   - puts a node into the table only when it is complete, and ends it only when nobody holds it,
 *   - clears a pointer before the block it points to is given back, and sets one only when the block is filled.
 * Whatever is not plain is left to the slow way.
 */
#include "fs_part.h"

/* The node of one component that ends at end, if it is known. */
static inline struct node *find_child(const struct node *dir, const char *text, const char *end, uint32_t hash)
{
    const struct name *e = names_slot(hash);
    uint32_t length = (uint32_t)(end - text);
    if (UNLIKELY(e->hash != hash || e->dir != dir->ino || e->length != length))
        return NULL;
    const char *known = e->text;
    for (; length >= 8; length -= 8, text += 8, known += 8) {
        uint64_t a, b;
        __builtin_memcpy(&a, text, 8);
        __builtin_memcpy(&b, known, 8);
        if (UNLIKELY(a != b))
            return NULL;
    }
    for (; length; length--)
        if (UNLIKELY(*text++ != *known++))
            return NULL;
    struct node *n = &nodes[e->node];
    return LIKELY(n->ino == e->ino && n->life == NODE_LIVE) ? n : NULL;
}

static inline struct node *walk(struct node *dir, const char *at)
{
    for (;;) {
        while (*at == '/')
            at++;
        if (!*at)
            return dir;
        const char *text = at;
        uint32_t hash = names_hash_start(dir->ino);
        for (char c = *at; c && c != '/'; c = *++at)
            hash = names_hash_add(hash, c);
        struct node *child = find_child(dir, text, at, hash);
        if (!child || !*at)
            return child;
        if (!node_is(child, EXT2_S_DIR))
            return NULL;
        dir = child;
    }
}

struct node *fast_open(int dir, const char *path, uint32_t flags)
{
    struct node *start = *path == '/' ? &nodes[FS_ROOT] : node_at(dir);
    if (UNLIKELY(!start || !*path || !start->refs || flags & (FS_TRUNCATE | FS_EXCLUSIVE | FS_LINK)))
        return NULL;
    if (UNLIKELY(!node_is(start, EXT2_S_DIR)))
        return NULL;
    struct node *n = walk(start, path);
    if (!n)
        return NULL;
    bool plain = node_is(n, EXT2_S_FILE) ? !(flags & FS_DIRECTORY) && !(flags & FS_WRITE && volume.read_only)
                                         : node_is(n, EXT2_S_DIR) && !(flags & (FS_WRITE | FS_CREATE));
    if (UNLIKELY(!plain))
        return NULL;
    if (n->refs == 0) {
        if (UNLIKELY(node_open_count >= FS_NODES_MAX - NODE_RESERVE))
            return NULL;
        node_open_count++;
    }
    n->refs++;
    n->used = true;
    return n;
}

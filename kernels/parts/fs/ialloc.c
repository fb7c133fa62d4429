/* SPDX-License-Identifier: MIT */
/*
 * ialloc.c: gives out and takes back inode numbers.  Like a block, an inode's bit is cleared only after a commit has
 * put on the disk that no name leads to it: commit.c calls ialloc_free.
 */
#include "fs_part.h"

static int alloc_in(uint32_t group, bool directory, uint32_t *out)
{
    struct group *g = &volume.groups[group];
    struct buffer *b;
    int error = cache_get(g->inode_bitmap, &b);
    if (error)
        return error;
    uint32_t start = group == 0 ? volume.first_ino - 1 : 0;
    int64_t found = bitmap_find(b->data, start, volume.inodes_per_group);
    if (found < 0) {
        cache_put(b);
        return volume_damage("inode bitmap of group", group);
    }
    b->data[found / 8] |= (uint8_t)(1u << found % 8);
    cache_dirty(b, CLASS_META);
    cache_put(b);
    g->inodes_free--;
    volume.inodes_free--;
    if (directory)
        g->directories++;
    g->dirty = volume.super_dirty = true;
    *out = group * volume.inodes_per_group + (uint32_t)found + 1;
    return 0;
}

int ialloc_alloc(uint32_t near, bool directory, uint32_t *out)
{
    if (!volume.inodes_free && node_ended_count) {
        int error = commit_all();
        if (error)
            return error;
    }
    uint32_t first = (near - 1) / volume.inodes_per_group;
    for (uint32_t i = 0; i < volume.group_count; i++) {
        uint32_t group = (first + i) % volume.group_count;
        if (volume.groups[group].inodes_free)
            return alloc_in(group, directory, out);
    }
    return -ENOSPC;
}

int ialloc_free(uint32_t ino, bool directory)
{
    uint32_t group = (ino - 1) / volume.inodes_per_group, bit = (ino - 1) % volume.inodes_per_group;
    struct group *g = &volume.groups[group];
    struct buffer *b;
    int error = cache_get(g->inode_bitmap, &b);
    if (error)
        return error;
    uint8_t mask = (uint8_t)(1u << bit % 8);
    if (!(b->data[bit / 8] & mask) || (directory && !g->directories)) {
        cache_put(b);
        return volume_damage("inode in use twice", ino);
    }
    b->data[bit / 8] &= (uint8_t)~mask;
    cache_dirty(b, CLASS_META);
    cache_put(b);
    g->inodes_free++;
    volume.inodes_free++;
    if (directory)
        g->directories--;
    g->dirty = volume.super_dirty = true;
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * inode.c: an inode as it lies in its group's table, and as a node has it.
 *
 * Inodes are checked when they come in, so the rest of the part may rely on a node's mode and size; the block
 * numbers in it are checked where they are used.
 */
#include "fs_part.h"

static int get_place(uint32_t ino, struct buffer **b, struct ext2_inode **raw)
{
    uint32_t index = (ino - 1) % volume.inodes_per_group;
    uint64_t offset = (uint64_t)index * volume.inode_bytes;
    const struct group *g = &volume.groups[(ino - 1) / volume.inodes_per_group];
    int error = cache_get(g->inode_table + (uint32_t)(offset >> volume.block_shift), b);
    if (!error)
        *raw = (struct ext2_inode *)((*b)->data + (offset & (volume.block_bytes - 1)));
    return error;
}

bool node_has_map(const struct node *n)
{
    uint32_t own = n->attributes ? volume.block_bytes / BLK_SECTOR_BYTES : 0;
    return node_is(n, EXT2_S_FILE) || node_is(n, EXT2_S_DIR) || (node_is(n, EXT2_S_LINK) && n->sectors > own);
}

static void decode(struct node *n, const struct ext2_inode *raw)
{
    n->mode = raw->mode;
    n->links = raw->links;
    n->size = raw->size | (node_is(n, EXT2_S_FILE) ? (uint64_t)raw->size_high << 32 : 0);
    n->sectors = raw->sectors;
    memcpy(n->block, raw->block, sizeof n->block);
    n->uid = raw->uid | (uint32_t)raw->uid_high << 16;
    n->gid = raw->gid | (uint32_t)raw->gid_high << 16;
    n->atime = raw->atime;
    n->mtime = raw->mtime;
    n->ctime = raw->ctime;
    n->dtime = raw->dtime;
    n->flags = raw->flags;
    n->attributes = raw->attributes;
}

static bool size_fits(const struct node *n)
{
    switch (n->mode & EXT2_S_FMT) {
    case EXT2_S_FILE:
        return n->size <= volume.file_bytes_max;
    case EXT2_S_DIR:
        return n->size && !(n->size & (volume.block_bytes - 1)) && n->size >> volume.block_shift <= volume.blocks;
    case EXT2_S_LINK:
        return n->size && n->size < (node_has_map(n) ? volume.block_bytes : EXT2_FAST_LINK_MAX);
    case EXT2_S_CHAR:
    case EXT2_S_BLOCK:
    case EXT2_S_FIFO:
    case EXT2_S_SOCKET:
        return true;
    default:
        return false;
    }
}

static int check(const struct node *n, uint32_t ino)
{
    uint32_t sectors = volume.block_bytes / BLK_SECTOR_BYTES;
    if (!n->links || n->dtime)
        return volume_damage("name of a free inode", ino);
    if (n->flags & EXT2_FLAGS_FOREIGN)
        return volume_damage("flags of inode", ino);
    if (n->sectors % sectors || n->sectors / sectors > volume.blocks)
        return volume_damage("block count of inode", ino);
    if (!size_fits(n))
        return volume_damage("mode or size of inode", ino);
    return 0;
}

int inode_read(uint32_t ino, struct node *n)
{
    struct buffer *b;
    struct ext2_inode *raw;
    int error = get_place(ino, &b, &raw);
    if (error)
        return error;
    decode(n, raw);
    cache_put(b);
    return check(n, ino);
}

int inode_write(struct node *n)
{
    struct buffer *b;
    struct ext2_inode *raw;
    int error = get_place(n->ino, &b, &raw);
    if (error)
        return error;
    if (n->fresh)
        memset(raw, 0, volume.inode_bytes);
    n->fresh = n->moved = false;
    raw->mode = n->mode;
    raw->links = (uint16_t)n->links;
    raw->size = (uint32_t)n->size;
    if (node_is(n, EXT2_S_FILE))
        raw->size_high = (uint32_t)(n->size >> 32);
    raw->sectors = n->sectors;
    memcpy(raw->block, n->block, sizeof n->block);
    raw->uid = (uint16_t)n->uid;
    raw->uid_high = (uint16_t)(n->uid >> 16);
    raw->gid = (uint16_t)n->gid;
    raw->gid_high = (uint16_t)(n->gid >> 16);
    raw->atime = n->atime;
    raw->mtime = n->mtime;
    raw->ctime = n->ctime;
    raw->dtime = n->dtime;
    raw->flags = n->flags;
    raw->attributes = n->attributes;
    cache_dirty(b, CLASS_INODE);
    cache_put(b);
    return 0;
}

/* Extended attributes may be shared between inodes: the last one frees them. */
int inode_drop_attributes(struct node *n)
{
    struct buffer *b;
    if (!n->attributes)
        return 0;
    if (!volume_block_usable(n->attributes))
        return volume_damage("attributes of inode", n->ino);
    int error = cache_get(n->attributes, &b);
    if (error)
        return error;
    struct ext2_attributes *head = (struct ext2_attributes *)b->data;
    uint32_t sectors = volume.block_bytes / BLK_SECTOR_BYTES;
    bool sane = head->magic == EXT2_ATTRIBUTES_MAGIC && head->references && n->sectors >= sectors;
    bool last = sane && head->references == 1;
    if (sane && !last) {
        head->references--;
        cache_dirty(b, CLASS_META);
    }
    cache_put(b);
    if (!sane)
        return volume_damage("attributes of inode", n->ino);
    uint32_t block = n->attributes;
    n->attributes = 0;
    n->sectors -= sectors;
    return last ? balloc_free(block) : 0;
}

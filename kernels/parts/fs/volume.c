/* SPDX-License-Identifier: MIT */
/*
 * volume.c: the superblock and the group descriptors while the volume is mounted, and the lock.
 *
 * Both are kept in memory in a form of our own (mount.c fills it); a commit encodes what has changed into their
 * blocks.  The state on the disk says clean until the first write, and again after fs_sync and fs_unmount.
 */
#include "fs_part.h"

#define NS_PER_S 1000000000u

struct volume volume;

int volume_damage(const char *what, uint64_t number)
{
    if (!volume.damaged)
        env_log("fs: the volume is damaged: bad %s (%llu); nothing more will be written", what,
                (unsigned long long)number);
    volume.damaged = true;
    return -EUCLEAN;
}

uint32_t volume_now(void)
{
    return (uint32_t)((env_epoch_ns() + env_now_ns()) / NS_PER_S);
}

int volume_lock(void)
{
    if (!volume.mounted)
        return -EBADF;
    sched_mutex_lock(&volume.lock);
    return 0;
}

void volume_unlock(void)
{
    sched_mutex_unlock(&volume.lock);
}

int volume_make_room(void)
{
    int error = 0;
    if (volume.damaged)
        return -EUCLEAN;
    if (volume.read_only)
        return -EROFS;
    if (cache.dirty_count > cache.dirty_limit)
        error = commit_data();
    if (!error && (cache.dirty_count > cache.dirty_limit || node_ended_count >= NODE_ENDED_MAX || balloc_crowded()))
        error = commit_all();
    return error;
}

int volume_begin(void)
{
    int error = volume_lock();
    if (error)
        return error;
    error = volume_make_room();
    if (error)
        volume_unlock();
    return error;
}

bool volume_block_usable(uint32_t block)
{
    if (!volume_has_block(block))
        return false;
    uint32_t index = (block - volume.first_block) / volume.blocks_per_group;
    const struct group *g = &volume.groups[index];
    if ((block - volume.first_block) % volume.blocks_per_group < g->front)
        return false;
    return block != g->block_bitmap && block != g->inode_bitmap && block - g->inode_table >= volume.table_blocks;
}

static int get_super(struct buffer **out, struct ext2_super **super)
{
    int error = cache_get(EXT2_SUPER_OFFSET / volume.block_bytes, out);
    if (!error)
        *super = (struct ext2_super *)((*out)->data + EXT2_SUPER_OFFSET % volume.block_bytes);
    return error;
}

static int encode_super(void)
{
    struct buffer *b;
    struct ext2_super *s;
    if (!volume.super_dirty)
        return 0;
    int error = get_super(&b, &s);
    if (error)
        return error;
    s->blocks_free = volume.blocks_free;
    s->inodes_free = volume.inodes_free;
    s->write_time = volume_now();
    if (volume.large_file)
        s->feature_ro |= EXT2_RO_LARGE_FILE;
    volume.super_dirty = false;
    cache_dirty(b, CLASS_META);
    cache_put(b);
    return 0;
}

static int encode_group(uint32_t index)
{
    struct group *g = &volume.groups[index];
    uint32_t per_block = volume.block_bytes / (uint32_t)sizeof(struct ext2_group);
    struct buffer *b;
    int error = cache_get(volume.first_block + 1 + index / per_block, &b);
    if (error)
        return error;
    struct ext2_group *d = (struct ext2_group *)b->data + index % per_block;
    d->blocks_free = g->blocks_free;
    d->inodes_free = g->inodes_free;
    d->directories = g->directories;
    g->dirty = false;
    cache_dirty(b, CLASS_META);
    cache_put(b);
    return 0;
}

int volume_encode(void)
{
    if (!volume.super_dirty)
        return 0;
    int error = 0;
    for (uint32_t i = 0; !error && i < volume.group_count; i++)
        if (volume.groups[i].dirty)
            error = encode_group(i);
    return error ? error : encode_super();
}

int volume_set_state(bool clean)
{
    struct buffer *b;
    struct ext2_super *s;
    if (volume.disk_clean == clean)
        return 0;
    int error = get_super(&b, &s);
    if (error)
        return error;
    s->state = (uint16_t)(clean ? s->state | EXT2_STATE_CLEAN : s->state & ~EXT2_STATE_CLEAN);
    s->write_time = volume_now();
    error = io_write_buffer(b);
    cache_put(b);
    if (!error)
        error = io_flush();
    if (!error)
        volume.disk_clean = clean;
    return error;
}

/* Commits until nothing is left, for a commit gives blocks free that were in use before it; then marks the volume
   clean unless something keeps it from being so. */
int volume_sync(void)
{
    int error = 0;
    if (volume.damaged)
        return -EUCLEAN;
    if (volume.read_only)
        return 0;
    for (unsigned round = 0; !error && round < 3; round++)
        error = commit_all();
    if (!error && !volume.leaked && !node_orphan_count && !cache.dirty_count && list_empty(&node_dirty))
        error = volume_set_state(true);
    return error;
}

int fs_sync(void)
{
    int error = volume_lock();
    if (error)
        return error;
    error = volume_sync();
    volume_unlock();
    return error;
}

/* SPDX-License-Identifier: MIT */
/*
 * mount.c: reads and checks the superblock and the group descriptors.
 *
 * Nothing but what a descriptor names may be where it says that a bitmap or a table is, so a file's block that
 * points there is damage (volume_block_usable).  A volume that is not clean when it is mounted stays read-only: its
 * counts and bitmaps may not be right.
 */
#include "alloc.h"
#include "fs_part.h"

#define INODES_MAX 0x7fffffffu

static bool is_power_of(uint32_t n, uint32_t base)
{
    while (n > 1 && n % base == 0)
        n /= base;
    return n == 1;
}

/* Blocks in front of a group that hold a copy of the superblock and the descriptors. */
static uint32_t group_front(uint32_t group, bool sparse)
{
    uint32_t per_block = volume.block_bytes / (uint32_t)sizeof(struct ext2_group);
    if (sparse && group && !is_power_of(group, 3) && !is_power_of(group, 5) && !is_power_of(group, 7))
        return 0;
    return 1 + (volume.group_count + per_block - 1) / per_block;
}

/* The shape of the volume.  -EINVAL: not an ext2 volume, or one of a kind that is not known here. */
static int decode_shape(const struct ext2_super *s)
{
    if (s->magic != EXT2_MAGIC || s->log_block_bytes > 2 || s->revision > 1)
        return -EINVAL;
    if (s->revision == 1 && s->feature_incompat & ~EXT2_INCOMPAT_FILETYPE)
        return -EINVAL;
    volume.revision = s->revision;
    volume.block_shift = 10 + s->log_block_bytes;
    volume.block_bytes = 1u << volume.block_shift;
    volume.pointer_shift = volume.block_shift - 2;
    volume.first_ino = s->revision ? s->first_ino : EXT2_OLD_FIRST_INO;
    volume.inode_bytes = s->revision ? s->inode_bytes : EXT2_OLD_INODE_BYTES;
    volume.blocks = s->blocks;
    volume.first_block = s->first_block;
    volume.blocks_per_group = s->blocks_per_group;
    volume.inodes_per_group = s->inodes_per_group;
    volume.inodes = s->inodes;
    volume.blocks_free = s->blocks_free;
    volume.inodes_free = s->inodes_free;
    return 0;
}

static int check_shape(const struct ext2_super *s)
{
    uint32_t bits = volume.block_bytes * 8, size = volume.inode_bytes;
    uint32_t inodes_per_block = volume.block_bytes / EXT2_OLD_INODE_BYTES;
    if (volume.first_block != (volume.block_shift == 10))
        return volume_damage("first block", s->first_block);
    if (volume.blocks_per_group < 8 || volume.blocks_per_group > bits)
        return volume_damage("blocks per group", s->blocks_per_group);
    if (size < EXT2_OLD_INODE_BYTES || size > volume.block_bytes || (size & (size - 1)))
        return volume_damage("inode size", size);
    inodes_per_block = volume.block_bytes / size;
    if (!volume.inodes_per_group || volume.inodes_per_group > bits || volume.inodes_per_group % inodes_per_block)
        return volume_damage("inodes per group", s->inodes_per_group);
    if (volume.blocks <= volume.first_block + 1 ||
        volume.blocks > blk_sectors() / (volume.block_bytes / BLK_SECTOR_BYTES))
        return volume_damage("number of blocks", s->blocks);
    volume.group_count = (volume.blocks - volume.first_block + volume.blocks_per_group - 1) / volume.blocks_per_group;
    volume.table_blocks = volume.inodes_per_group / inodes_per_block;
    if ((uint64_t)volume.group_count * volume.inodes_per_group != volume.inodes || volume.inodes > INODES_MAX)
        return volume_damage("number of inodes", s->inodes);
    if (volume.first_ino < EXT2_OLD_FIRST_INO || volume.first_ino > volume.inodes_per_group)
        return volume_damage("first inode", volume.first_ino);
    return 0;
}

/* The structures of group lie in it, behind its copies of superblock and descriptors, and apart. */
static int check_group(uint32_t index, const struct ext2_group *d, bool sparse)
{
    uint32_t start = volume.first_block + index * volume.blocks_per_group;
    uint32_t count = volume.blocks - start;
    if (count > volume.blocks_per_group)
        count = volume.blocks_per_group;
    uint32_t low = group_front(index, sparse);
    uint32_t block_bitmap = d->block_bitmap - start, inode_bitmap = d->inode_bitmap - start;
    uint32_t table = d->inode_table - start;
    bool inside = block_bitmap >= low && block_bitmap < count && inode_bitmap >= low && inode_bitmap < count &&
                  table >= low && table < count && volume.table_blocks <= count - table;
    if (!inside || block_bitmap == inode_bitmap || block_bitmap - table < volume.table_blocks ||
        inode_bitmap - table < volume.table_blocks)
        return volume_damage("group descriptor", index);
    if (d->blocks_free > count || d->inodes_free > volume.inodes_per_group ||
        d->directories > volume.inodes_per_group - d->inodes_free)
        return volume_damage("counts of group", index);
    return 0;
}

static int read_groups(bool sparse)
{
    uint32_t per_block = volume.block_bytes / (uint32_t)sizeof(struct ext2_group);
    uint64_t blocks_free = 0, inodes_free = 0;
    struct buffer *b = NULL;
    for (uint32_t i = 0; i < volume.group_count; i++) {
        if (i % per_block == 0) {
            if (b)
                cache_put(b);
            int error = cache_get(volume.first_block + 1 + i / per_block, &b);
            if (error)
                return error;
        }
        const struct ext2_group *d = (const struct ext2_group *)b->data + i % per_block;
        int error = check_group(i, d, sparse);
        if (error) {
            cache_put(b);
            return error;
        }
        volume.groups[i] = (struct group){.block_bitmap = d->block_bitmap,
                                          .inode_bitmap = d->inode_bitmap,
                                          .inode_table = d->inode_table,
                                          .front = group_front(i, sparse),
                                          .blocks_free = d->blocks_free,
                                          .inodes_free = d->inodes_free,
                                          .directories = d->directories};
        blocks_free += d->blocks_free;
        inodes_free += d->inodes_free;
    }
    cache_put(b);
    if (blocks_free != volume.blocks_free || inodes_free != volume.inodes_free) {
        if (volume.disk_clean)
            return volume_damage("number of free blocks or inodes", volume.blocks_free);
        volume.blocks_free = (uint32_t)blocks_free;
        volume.inodes_free = (uint32_t)inodes_free;
    }
    return 0;
}

/* The largest file: what the block map reaches. */
static uint64_t file_bytes_max(void)
{
    uint64_t pointers = volume.block_bytes / 4;
    uint64_t blocks = EXT2_DIRECT + pointers + pointers * pointers + pointers * pointers * pointers;
    uint64_t bytes = blocks << volume.block_shift;
    if (volume.revision == 0 && bytes > INT32_MAX)
        bytes = INT32_MAX;
    return bytes;
}

/* Reads the superblock's sectors on their own: the size of a block is not known yet. */
static int read_super(struct ext2_super *out)
{
    static struct blk_request request;
    void *page = alloc_page();
    if (!page)
        return -ENOMEM;
    request = (struct blk_request){.op = BLK_READ,
                                   .sector = EXT2_SUPER_OFFSET / BLK_SECTOR_BYTES,
                                   .segment_count = 1,
                                   .segments = {{page, 2 * BLK_SECTOR_BYTES}}};
    int error = blk_submit(&request);
    if (!error)
        error = blk_wait(&request);
    memcpy(out, page, sizeof *out);
    alloc_page_free(page);
    return error;
}

static int load_groups(bool sparse, uint32_t cache_pages)
{
    uint64_t bytes = (uint64_t)volume.group_count * sizeof(struct group);
    volume.group_order = 0;
    while (((uint64_t)PAGE_BYTES << volume.group_order) < bytes)
        volume.group_order++;
    volume.groups = alloc_pages(volume.group_order);
    if (!volume.groups)
        return -ENOMEM;
    int error = cache_init(cache_pages);
    if (!error)
        error = read_groups(sparse);
    return error;
}

static void forget(void)
{
    io_drain();
    cache_drop();
    if (volume.groups)
        alloc_pages_free(volume.groups, volume.group_order);
    volume.groups = NULL;
    volume.mounted = false;
    node_init(); /* so that no number leads anywhere */
}

static int mount_super(const struct ext2_super *s, uint32_t cache_pages)
{
    int error = decode_shape(s);
    if (!error)
        error = check_shape(s);
    if (error)
        return error;
    uint32_t ro = s->revision ? s->feature_ro : 0;
    volume.disk_clean = (s->state & (EXT2_STATE_CLEAN | EXT2_STATE_ERRORS)) == EXT2_STATE_CLEAN;
    volume.file_types = s->revision && s->feature_incompat & EXT2_INCOMPAT_FILETYPE;
    volume.large_file = ro & EXT2_RO_LARGE_FILE;
    volume.read_only = !volume.disk_clean || ro & ~(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE);
    volume.file_bytes_max = file_bytes_max();
    error = load_groups(ro & EXT2_RO_SPARSE_SUPER, cache_pages);
    if (error)
        return error;
    if (!volume.disk_clean)
        env_log("fs: the volume was not unmounted, so it is read-only until it is checked");
    struct node *root;
    error = node_get(EXT2_ROOT_INO, &root);
    if (!error && !node_is(root, EXT2_S_DIR))
        error = volume_damage("root directory's mode", root->mode);
    return error;
}

int fs_mount(uint32_t cache_pages)
{
    struct ext2_super super;
    if (volume.mounted)
        return -EBUSY;
    if (blk_sectors() == 0)
        return -ENODEV;
    if (blk_sectors() * BLK_SECTOR_BYTES < 2 * EXT2_SUPER_OFFSET)
        return -EINVAL;
    int error = read_super(&super);
    if (error)
        return error;
    volume = (struct volume){0};
    sched_mutex_init(&volume.lock);
    io_init();
    node_init();
    names_init();
    balloc_init();
    error = mount_super(&super, cache_pages);
    if (error)
        forget();
    else
        volume.mounted = true;
    return error;
}

int fs_unmount(void)
{
    int error = volume_lock();
    if (error)
        return error;
    if (node_open_count > 1) {
        volume_sync(); /* the caller may be about to switch off all the same */
        volume_unlock();
        return -EBUSY;
    }
    error = volume_sync();
    forget();
    volume_unlock();
    return error;
}

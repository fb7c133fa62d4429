/* SPDX-License-Identifier: MIT */
/*
 * map.c: where the blocks of a file lie: twelve numbers in the inode, then trees of one, two and three levels of
 * indirect blocks, each full of numbers.
 *
 * A number is checked whenever it is used, since an indirect block is only a block that something says is one; the
 * depth of a tree is fixed, so a damaged one cannot make a loop.
 */
#include "fs_part.h"

/* The way to one block of a file: which pointer in the inode, then which in each indirect block. */
struct way {
    uint32_t depth; /* indirect blocks on the way */
    uint32_t at[4];
};

/* False past what three levels reach. */
static bool find_way(uint64_t index, struct way *out)
{
    uint32_t shift = volume.pointer_shift, mask = (1u << shift) - 1;
    out->depth = 0;
    if (index < EXT2_DIRECT) {
        out->at[0] = (uint32_t)index;
        return true;
    }
    index -= EXT2_DIRECT;
    for (uint32_t depth = 1; depth <= 3; depth++) {
        uint64_t reach = (uint64_t)1 << shift * depth;
        if (index < reach) {
            out->depth = depth;
            out->at[0] = EXT2_DIRECT + depth - 1;
            for (uint32_t i = 1; i <= depth; i++)
                out->at[i] = (uint32_t)(index >> shift * (depth - i)) & mask;
            return true;
        }
        index -= reach;
    }
    return false;
}

uint32_t map_find_fast(const struct node *n, uint64_t index)
{
    struct way way;
    if (LIKELY(index < EXT2_DIRECT)) {
        uint32_t block = n->block[index];
        return LIKELY(block < volume.blocks) ? block : MAP_UNKNOWN;
    }
    if (!find_way(index, &way))
        return 0;
    uint32_t block = n->block[way.at[0]];
    for (uint32_t i = 1; i <= way.depth && block; i++) {
        struct buffer *b = cache_find(block);
        if (!b || !(b->flags & BUFFER_VALID))
            return MAP_UNKNOWN;
        b->flags |= BUFFER_USED;
        block = ((const uint32_t *)b->data)[way.at[i]];
    }
    return block < volume.blocks ? block : MAP_UNKNOWN;
}

static int check_pointer(const struct node *n, uint32_t block)
{
    return block && !volume_block_usable(block) ? volume_damage("block number in inode", n->ino) : 0;
}

int map_find(struct node *n, uint64_t index, uint32_t *out)
{
    struct way way;
    uint32_t block = 0;
    if (find_way(index, &way))
        block = n->block[way.at[0]];
    int error = check_pointer(n, block);
    for (uint32_t i = 1; !error && block && i <= way.depth; i++) {
        struct buffer *b;
        error = cache_get(block, &b);
        if (error)
            break;
        block = ((const uint32_t *)b->data)[way.at[i]];
        cache_put(b);
        error = check_pointer(n, block);
    }
    if (!error)
        *out = block;
    return error;
}

/* A new block for n, near the last one. */
static int add_block(struct node *n, uint32_t *out)
{
    uint32_t goal = n->goal;
    if (!goal)
        goal = volume.first_block + (n->ino - 1) / volume.inodes_per_group * volume.blocks_per_group + 1;
    int error = balloc_alloc(goal, out);
    if (error)
        return error;
    n->goal = *out + 1;
    n->sectors += volume.block_bytes / BLK_SECTOR_BYTES;
    node_move(n);
    return 0;
}

/* A new block of pointers, empty. */
static int add_indirect(struct node *n, uint32_t *out)
{
    struct buffer *b;
    int error = add_block(n, out);
    if (!error)
        error = cache_get_cleared(*out, &b);
    if (error)
        return error;
    cache_dirty(b, CLASS_META);
    cache_put(b);
    return 0;
}

int map_alloc(struct node *n, uint64_t index, uint32_t *out)
{
    struct way way;
    struct buffer *holder = NULL; /* of the pointer at slot, if not the inode */
    if (!find_way(index, &way))
        return -EFBIG;
    int error = balloc_reserve(way.depth + 1); /* so that none is left half made */
    if (error)
        return error;
    uint32_t *slot = &n->block[way.at[0]];
    for (uint32_t i = 0;; i++) {
        error = check_pointer(n, *slot);
        if (!error && !*slot) {
            uint32_t block;
            error = i == way.depth ? add_block(n, &block) : add_indirect(n, &block);
            if (!error)
                *slot = block;
            if (!error && holder)
                cache_dirty(holder, CLASS_META);
        }
        uint32_t block = *slot;
        if (holder)
            cache_put(holder);
        if (error)
            return error;
        if (i == way.depth) {
            *out = block;
            return 0;
        }
        error = cache_get(block, &holder);
        if (error)
            return error;
        slot = (uint32_t *)holder->data + way.at[i + 1];
    }
}

/* ---- giving back ---- */

/* slot lies in holder, or in the inode if that is NULL. */
static int drop_block(struct node *n, struct buffer *holder, uint32_t *slot)
{
    uint32_t block = *slot, sectors = volume.block_bytes / BLK_SECTOR_BYTES;
    if (n->sectors < sectors)
        return volume_damage("block count of inode", n->ino);
    *slot = 0;
    if (holder)
        cache_dirty(holder, CLASS_META);
    n->sectors -= sectors;
    node_move(n);
    int error = balloc_free(block);
    if (!error && balloc_crowded())
        error = commit_all();
    return error;
}

/* Gives back what hangs below *slot, a pointer to a tree of depth levels, except its first keep blocks.  Pointers
   are cleared one by one, so that a commit in the middle finds a whole, shorter file. */
static int drop_tree(struct node *n, struct buffer *holder, uint32_t *slot, uint32_t depth, uint64_t keep)
{
    struct buffer *b;
    if (!*slot)
        return 0;
    int error = check_pointer(n, *slot);
    if (!error && depth == 0)
        return drop_block(n, holder, slot);
    if (!error && balloc_pending(*slot))
        error = volume_damage("block in use twice", *slot);
    if (!error)
        error = cache_get(*slot, &b);
    if (error)
        return error;
    uint32_t *pointers = (uint32_t *)b->data, shift = volume.pointer_shift * (depth - 1);
    for (uint32_t i = (uint32_t)(keep >> shift); !error && i < 1u << volume.pointer_shift; i++) {
        uint64_t before = (uint64_t)i << shift;
        if (pointers[i])
            error = drop_tree(n, b, &pointers[i], depth - 1, keep > before ? keep - before : 0);
    }
    if (!error && keep == 0)
        error = drop_block(n, holder, slot);
    cache_put(b);
    return error;
}

int map_truncate(struct node *n, uint64_t blocks)
{
    int error = 0;
    n->goal = n->ahead_end = n->ahead_window = 0;
    for (uint64_t i = blocks; !error && i < EXT2_DIRECT; i++)
        error = drop_tree(n, NULL, &n->block[i], 0, 0);
    uint64_t first = EXT2_DIRECT;
    for (uint32_t depth = 1; !error && depth <= 3; depth++) {
        uint64_t reach = (uint64_t)1 << volume.pointer_shift * depth;
        if (blocks < first + reach)
            error = drop_tree(n, NULL, &n->block[EXT2_DIRECT + depth - 1], depth, blocks > first ? blocks - first : 0);
        first += reach;
    }
    return error;
}

/* SPDX-License-Identifier: MIT */
/*
 * balloc.c: gives out and takes back blocks.
 *
 * A block that is freed keeps its bit in the bitmap until a commit has put on the disk that nothing points to it
 * any more; only then may it be given out again.  So what a crash leaves never has one block in two files, nor a
 * file with the contents of another.  Until then it stands in the list of pending runs.
 */
#include "fs_part.h"

#define RUNS_MAX 1024u
#define RUNS_ROOM 64u /* what one operation may need between two looks at balloc_crowded */

struct run {
    uint32_t start, count;
};

static struct run runs[RUNS_MAX];
static uint32_t run_count;
static uint64_t pending;

void balloc_init(void)
{
    run_count = 0;
    pending = 0;
}

bool balloc_crowded(void)
{
    return run_count > RUNS_MAX - RUNS_ROOM;
}

uint32_t balloc_pending_room(void)
{
    return RUNS_MAX - run_count;
}

uint64_t balloc_pending_count(void)
{
    return pending;
}

bool balloc_pending(uint32_t block)
{
    for (uint32_t i = 0; i < run_count; i++)
        if (block - runs[i].start < runs[i].count)
            return true;
    return false;
}

/* The first clear bit of map in [start, end), or -1. */
int64_t bitmap_find(const uint8_t *map, uint32_t start, uint32_t end)
{
    for (uint32_t bit = start; bit < end;) {
        uint64_t word;
        memcpy(&word, map + bit / 64 * 8, sizeof word);
        word = ~word >> bit % 64;
        if (word) {
            bit += (uint32_t)__builtin_ctzll(word);
            return bit < end ? (int64_t)bit : -1;
        }
        bit = (bit / 64 + 1) * 64;
    }
    return -1;
}

static uint32_t group_start(uint32_t group)
{
    return volume.first_block + group * volume.blocks_per_group;
}

static uint32_t group_blocks(uint32_t group)
{
    uint32_t left = volume.blocks - group_start(group);
    return left < volume.blocks_per_group ? left : volume.blocks_per_group;
}

/* Takes a free block of group, the next one from bit on if possible. */
static int alloc_in(uint32_t group, uint32_t bit, uint32_t *out)
{
    struct group *g = &volume.groups[group];
    struct buffer *b;
    int error = cache_get(g->block_bitmap, &b);
    if (error)
        return error;
    int64_t found = bitmap_find(b->data, bit, group_blocks(group));
    if (found < 0)
        found = bitmap_find(b->data, 0, bit);
    uint32_t block = group_start(group) + (uint32_t)found;
    if (found < 0 || !volume_block_usable(block)) {
        cache_put(b);
        return volume_damage("block bitmap of group", group);
    }
    b->data[found / 8] |= (uint8_t)(1u << found % 8);
    cache_dirty(b, CLASS_META);
    cache_put(b);
    g->blocks_free--;
    volume.blocks_free--;
    g->dirty = volume.super_dirty = true;
    *out = block;
    return 0;
}

int balloc_reserve(uint32_t count)
{
    if (volume.blocks_free < count && pending) {
        int error = commit_all();
        if (error)
            return error;
    }
    return volume.blocks_free < count ? -ENOSPC : 0;
}

int balloc_alloc(uint32_t goal, uint32_t *out)
{
    int error = balloc_reserve(1);
    if (error)
        return error;
    if (!volume_has_block(goal))
        goal = volume.first_block + 1;
    uint32_t first = (goal - volume.first_block) / volume.blocks_per_group;
    for (uint32_t i = 0; i < volume.group_count; i++) {
        uint32_t group = (first + i) % volume.group_count;
        uint32_t bit = i == 0 ? (goal - volume.first_block) % volume.blocks_per_group : 0;
        if (volume.groups[group].blocks_free)
            return alloc_in(group, bit, out);
    }
    return volume_damage("number of free blocks", volume.blocks_free);
}

int balloc_free(uint32_t block)
{
    if (!volume_block_usable(block))
        return volume_damage("block number", block);
    cache_forget(block);
    struct run *last = run_count ? &runs[run_count - 1] : NULL;
    pending++;
    if (last && block == last->start + last->count) {
        last->count++;
    } else if (last && block + 1 == last->start) {
        last->start--;
        last->count++;
    } else {
        ASSERT(run_count < RUNS_MAX);
        runs[run_count++] = (struct run){block, 1};
    }
    return 0;
}

/* Clears the bits of [block, block + count), all in one group. */
static int release_in(uint32_t group, uint32_t block, uint32_t count)
{
    struct group *g = &volume.groups[group];
    struct buffer *b;
    int error = cache_get(g->block_bitmap, &b);
    if (error)
        return error;
    uint32_t bit = block - group_start(group);
    for (uint32_t i = 0; i < count; i++, bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);
        if (!(b->data[bit / 8] & mask)) {
            cache_put(b);
            return volume_damage("block in use twice", block + i);
        }
        b->data[bit / 8] &= (uint8_t)~mask;
        g->blocks_free++;
        volume.blocks_free++;
    }
    g->dirty = volume.super_dirty = true;
    cache_dirty(b, CLASS_META);
    cache_put(b);
    return 0;
}

int balloc_release(void)
{
    while (run_count) {
        struct run *r = &runs[run_count - 1];
        uint32_t group = (r->start - volume.first_block) / volume.blocks_per_group;
        uint32_t count = group_start(group) + volume.blocks_per_group - r->start;
        if (count > r->count)
            count = r->count;
        int error = release_in(group, r->start, count);
        if (error)
            return error;
        pending -= count;
        r->start += count;
        r->count -= count;
        if (!r->count)
            run_count--;
    }
    return 0;
}

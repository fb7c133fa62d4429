/* SPDX-License-Identifier: MIT */
/*
 * ahead.c: read-ahead.  A file that is read in order gets a window of blocks that doubles up to WINDOW_BYTES.  The
 * buffer in the middle of a window is marked BUFFER_AHEAD; when a reader comes to it the next window is started, so
 * that the disk works while the caller does.  Otherwise only the blocks that one call wants are read, together.
 */
#include "fs_part.h"

#define WINDOW_BYTES (128u << 10)
#define WINDOW_FIRST_BYTES (16u << 10)

struct run {
    struct buffer *buffers[IO_RUN_MAX];
    uint32_t count;
};

static void run_start(struct run *r)
{
    if (r->count)
        io_read(r->buffers, r->count);
    for (uint32_t i = 0; i < r->count; i++)
        cache_put(r->buffers[i]);
    r->count = 0;
}

/* False when there is no room to read any more. */
static bool run_add(struct run *r, uint32_t block)
{
    struct buffer *b;
    if (r->count == IO_RUN_MAX || (r->count && block != r->buffers[r->count - 1]->block + 1))
        run_start(r);
    if (cache_get_blank(&b))
        return false;
    cache_attach(b, block);
    b->flags &= (uint8_t)~BUFFER_VALID;
    r->buffers[r->count++] = b;
    return true;
}

static void read_blocks(struct node *n, uint64_t start, uint64_t end, uint64_t mark)
{
    struct run run = {.count = 0};
    for (uint64_t i = start; i < end; i++) {
        uint32_t block;
        if (map_find(n, i, &block))
            break;
        struct buffer *b = block ? cache_find(block) : NULL;
        if (!block || b)
            continue;
        if (!run_add(&run, block))
            break;
        if (i >= mark) {
            run.buffers[run.count - 1]->flags |= BUFFER_AHEAD;
            mark = UINT64_MAX;
        }
    }
    run_start(&run);
}

static uint32_t next_window(const struct node *n)
{
    uint32_t first = WINDOW_FIRST_BYTES >> volume.block_shift, max = WINDOW_BYTES >> volume.block_shift;
    if (max > cache.limit / 4)
        max = cache.limit / 4;
    uint32_t window = n->ahead_window ? n->ahead_window * 2 : first;
    return window < max ? window : max;
}

void ahead_read(struct node *n, uint64_t index, uint64_t count)
{
    uint32_t block = map_find_fast(n, index);
    struct buffer *b = block && block != MAP_UNKNOWN ? cache_find(block) : NULL;
    uint64_t start = index, blocks = (n->size + volume.block_bytes - 1) >> volume.block_shift;
    if (b && !(b->flags & BUFFER_AHEAD))
        return;
    if (b) {
        b->flags &= (uint8_t)~BUFFER_AHEAD;
        start = n->ahead_end > index ? n->ahead_end : index + 1;
        count = 0;
    }
    n->ahead_window = b || index == n->ahead_end ? next_window(n) : 0;
    uint64_t want = count > n->ahead_window ? count : n->ahead_window, limit = cache.limit / 4;
    if (want > limit)
        want = limit;
    uint64_t end = start + want < blocks ? start + want : blocks;
    n->ahead_end = (uint32_t)end;
    read_blocks(n, start, end, n->ahead_window ? start + want / 2 : UINT64_MAX);
}

/* SPDX-License-Identifier: MIT */
/*
 * read.c: reads files.
 *
 * Data moves from the cache to the caller with no lock on the volume, only with the buffer pinned: the copy may fault
 * and sleep.
 */
#include "file.h"

/* What data is moved to. */
enum side { SIDE_CALLER, SIDE_HERE };

static inline int move_out(enum side side, uint64_t to, const struct buffer *b, uint32_t in, uint32_t bytes)
{
    if (side == SIDE_CALLER)
        return LIKELY(b) ? env_copy_out(to, b->data + in, bytes) : env_clear_out(to, bytes);
    if (LIKELY(b))
        memcpy((void *)to, b->data + in, bytes);
    else
        memset((void *)to, 0, bytes);
    return 0;
}

static int pin_slow(struct node *n, uint64_t index, uint64_t count, struct buffer **out)
{
    uint32_t block;
    int error = volume_lock();
    if (error)
        return error;
    error = map_find(n, index, &block);
    *out = NULL;
    if (!error && block) {
        ahead_read(n, index, count);
        error = cache_get(block, out);
    }
    volume_unlock();
    return error;
}

/* At least one byte, all before the end of the file. */
static int64_t read_blocks(enum side side, struct node *f, uint64_t offset, uint64_t to, uint64_t n)
{
    uint32_t shift = volume.block_shift, size = volume.block_bytes;
    for (uint64_t left = n; left;) {
        struct buffer *b;
        uint32_t in = (uint32_t)offset & (size - 1), bytes = left < size - in ? (uint32_t)left : size - in;
        int error = 0;
        if (UNLIKELY(!file_pin_fast(f, offset >> shift, &b)))
            error = pin_slow(f, offset >> shift, (in + left + size - 1) >> shift, &b);
        if (LIKELY(!error)) {
            error = move_out(side, to, b, in, bytes);
            if (LIKELY(b))
                cache_put(b);
        }
        if (UNLIKELY(error))
            return left < n ? (int64_t)(n - left) : error;
        offset += bytes;
        to += bytes;
        left -= bytes;
    }
    return (int64_t)n;
}

static int64_t read_any(enum side side, int node, uint64_t offset, uint64_t to, uint64_t n)
{
    int error;
    struct node *f = file_at(node, &error);
    if (UNLIKELY(!f))
        return error;
    if (offset >= f->size || !n)
        return 0;
    return read_blocks(side, f, offset, to, n < f->size - offset ? n : f->size - offset);
}

/* map_find_fast, with the commonest cases in line. */
static inline uint32_t find_near(const struct node *f, uint64_t index)
{
    if (LIKELY(index < EXT2_DIRECT))
        return f->block[index];
    if (LIKELY((index - EXT2_DIRECT) >> volume.pointer_shift == 0)) {
        struct buffer *b = cache_find(f->block[EXT2_DIRECT]);
        if (LIKELY(b && b->flags & BUFFER_VALID)) {
            b->flags |= BUFFER_USED;
            return ((const uint32_t *)b->data)[index - EXT2_DIRECT];
        }
    }
    return map_find_fast(f, index);
}

/* What lies in one cached block comes straight from there. */
int64_t fs_read(int node, uint64_t offset, uaddr_t buffer, uint64_t n)
{
    struct node *f = node_at(node);
    uint64_t in = offset & (volume.block_bytes - 1);
    if (UNLIKELY(!f || !node_is(f, EXT2_S_FILE) || n > volume.block_bytes - in || offset > f->size ||
                 n > f->size - offset))
        return read_any(SIDE_CALLER, node, offset, buffer, n);
    uint32_t block = find_near(f, offset >> volume.block_shift);
    struct buffer *b = cache_find(block);
    if (UNLIKELY(!block || !b || (b->flags & (BUFFER_VALID | BUFFER_AHEAD)) != BUFFER_VALID))
        return read_any(SIDE_CALLER, node, offset, buffer, n);
    b->flags |= BUFFER_USED;
    b->pins++;
    volume.books.cache_hits++;
    int error = env_copy_out(buffer, b->data + in, n);
    cache_put(b);
    return UNLIKELY(error) ? error : (int64_t)n;
}

int64_t fs_load(int node, uint64_t offset, void *buffer, uint64_t n)
{
    return read_any(SIDE_HERE, node, offset, (uint64_t)(uintptr_t)buffer, n);
}

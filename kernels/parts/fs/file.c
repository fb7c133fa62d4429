/* SPDX-License-Identifier: MIT */
/*
 * file.c: the contents of files.
 *
 * Data moves between the cache and the caller with no lock on the volume, only with the buffer pinned: the copy may
 * fault and sleep.  A block that is written as a whole, or that is new, is first filled in a buffer of its own and
 * becomes part of the file when it is complete, so a copy that fails leaves no trace and a reader never sees a block
 * before its data.
 *
 * Bytes of the last block beyond the end of the file are zero, so that growing shows zeros.
 */
#include "fs_part.h"

/* What data is moved to or from. */
enum side { SIDE_CALLER, SIDE_HERE };

static struct node *file_at(int number, int *error)
{
    struct node *n = node_at(number);
    if (LIKELY(n && node_is(n, EXT2_S_FILE)))
        return n;
    *error = !n ? -EBADF : node_is(n, EXT2_S_DIR) ? -EISDIR : -EINVAL;
    return NULL;
}

/* ---- reading ---- */

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

/* The block's buffer, pinned, if it is there and nothing else is to be done; false if not.  NULL for a hole. */
static inline bool pin_fast(const struct node *n, uint64_t index, struct buffer **out)
{
    uint32_t block = map_find_fast(n, index);
    if (UNLIKELY(block == MAP_UNKNOWN))
        return false;
    *out = NULL;
    if (UNLIKELY(!block))
        return true;
    struct buffer *b = cache_find(block);
    if (UNLIKELY(!b || (b->flags & (BUFFER_VALID | BUFFER_AHEAD)) != BUFFER_VALID))
        return false;
    b->flags |= BUFFER_USED;
    b->pins++;
    volume.books.cache_hits++;
    *out = b;
    return true;
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
        if (UNLIKELY(!pin_fast(f, offset >> shift, &b)))
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

/* ---- writing ---- */

static void set_size(struct node *f, uint64_t bytes)
{
    f->size = bytes;
    node_touch(f);
    if (bytes > INT32_MAX && !volume.large_file)
        volume.large_file = volume.super_dirty = true;
}

/* Clears the file's last block from byte size on. */
static int clear_tail(struct node *f, uint64_t size)
{
    uint32_t in = (uint32_t)size & (volume.block_bytes - 1), block;
    struct buffer *b;
    if (!in)
        return 0;
    int error = map_find(f, size >> volume.block_shift, &block);
    if (error || !block)
        return error;
    error = cache_get(block, &b);
    if (error)
        return error;
    memset(b->data + in, 0, volume.block_bytes - in);
    cache_dirty(b, CLASS_DATA);
    cache_put(b);
    return 0;
}

/* A piece of one block. */
struct piece {
    uint64_t index;
    uint32_t in, bytes;
    uaddr_t from;
};

static int copy_into(struct buffer *b, const struct piece *p)
{
    int error = env_copy_in(b->data + p->in, p->from, p->bytes);
    cache_dirty(b, CLASS_DATA);
    cache_put(b);
    return error;
}

/* A buffer filled with the piece becomes the file's block. */
static int install(struct node *f, const struct piece *p, struct buffer *filled)
{
    uint32_t block;
    int error = map_alloc(f, p->index, &block);
    if (error)
        return error;
    struct buffer *b = cache_find(block);
    if (b && b->flags & BUFFER_LOADING) {
        b->pins++;
        io_wait(b);
        cache_put(b);
        b = cache_find(block);
    }
    if (b) {
        memcpy(b->data, filled->data, volume.block_bytes);
        b->flags |= BUFFER_VALID;
    } else {
        b = filled;
        cache_attach(b, block);
    }
    cache_dirty(b, CLASS_DATA);
    uint64_t end = (p->index << volume.block_shift) + p->in + p->bytes;
    if (end > f->size)
        set_size(f, end);
    return 0;
}

static int write_whole(struct node *f, const struct piece *p, struct buffer *b)
{
    memset(b->data, 0, p->in);
    memset(b->data + p->in + p->bytes, 0, volume.block_bytes - p->in - p->bytes);
    int error = env_copy_in(b->data + p->in, p->from, p->bytes);
    if (!error)
        error = volume_begin();
    if (!error) {
        error = install(f, p, b);
        volume_unlock();
    }
    cache_put(b);
    return error;
}

static int write_slow(struct node *f, const struct piece *p)
{
    uint32_t block;
    struct buffer *b;
    int error = volume_begin();
    if (error)
        return error;
    error = map_find(f, p->index, &block);
    bool whole = !error && (!block || (p->bytes == volume.block_bytes && !cache_find(block)));
    if (!error)
        error = whole ? cache_get_blank(&b) : cache_get(block, &b);
    volume_unlock();
    if (error)
        return error;
    return whole ? write_whole(f, p, b) : copy_into(b, p);
}

static int write_piece(struct node *f, const struct piece *p)
{
    struct buffer *b;
    bool room = cache.dirty_count <= cache.dirty_limit && !volume.damaged;
    int error = 0;
    if (!room || !pin_fast(f, p->index, &b) || !b)
        error = write_slow(f, p);
    else
        error = copy_into(b, p);
    uint64_t end = (p->index << volume.block_shift) + p->in + p->bytes;
    if (!error && end > f->size)
        set_size(f, end);
    return error;
}

static int64_t write_locked(struct node *f, uint64_t offset, uaddr_t from, uint64_t n)
{
    int error = 0;
    if (offset == FS_APPEND)
        offset = f->size;
    if (offset >= volume.file_bytes_max)
        return -EFBIG;
    if (n > volume.file_bytes_max - offset)
        n = volume.file_bytes_max - offset;
    if (offset > f->size) {
        error = volume_begin();
        if (!error) {
            error = clear_tail(f, f->size);
            volume_unlock();
        }
    }
    uint64_t left = n;
    while (!error && left) {
        uint32_t in = (uint32_t)offset & (volume.block_bytes - 1), room = volume.block_bytes - in;
        struct piece p = {offset >> volume.block_shift, in, left < room ? (uint32_t)left : room, from};
        error = write_piece(f, &p);
        if (error)
            break;
        offset += p.bytes;
        from += p.bytes;
        left -= p.bytes;
    }
    if (left < n) {
        f->mtime = f->ctime = volume_now();
        node_touch(f);
        return (int64_t)(n - left);
    }
    return error;
}

int64_t fs_write(int node, uint64_t offset, uaddr_t buffer, uint64_t n)
{
    int error;
    struct node *f = file_at(node, &error);
    if (UNLIKELY(!f))
        return error;
    if (UNLIKELY(volume.read_only || volume.damaged))
        return volume.damaged ? -EUCLEAN : -EROFS;
    if (n == 0)
        return 0;
    sched_mutex_lock(&f->write_lock);
    int64_t written = write_locked(f, offset, buffer, n);
    sched_mutex_unlock(&f->write_lock);
    return written;
}

static int truncate_locked(struct node *f, uint64_t bytes)
{
    uint64_t old = f->size;
    int error = clear_tail(f, bytes < old ? bytes : old);
    if (error)
        return error;
    set_size(f, bytes);
    f->mtime = f->ctime = volume_now();
    if (bytes >= old)
        return 0;
    return map_truncate(f, (bytes + volume.block_bytes - 1) >> volume.block_shift);
}

int fs_truncate(int node, uint64_t bytes)
{
    int error;
    struct node *f = file_at(node, &error);
    if (!f)
        return error;
    if (bytes > volume.file_bytes_max)
        return -EFBIG;
    sched_mutex_lock(&f->write_lock);
    error = volume_begin();
    if (!error) {
        error = truncate_locked(f, bytes);
        volume_unlock();
    }
    sched_mutex_unlock(&f->write_lock);
    return error;
}

int fs_fsync(int node)
{
    if (!node_at(node))
        return -EBADF;
    int error = volume_lock();
    if (error)
        return error;
    error = volume.read_only && !volume.damaged ? 0 : commit_all();
    volume_unlock();
    return error;
}

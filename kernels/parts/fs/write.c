/* SPDX-License-Identifier: MIT */
/*
 * write.c: writes and truncates files.
 *
 * As in read.c, data moves with no lock on the volume.  A block that is written as a whole, or that is new, is first
 * filled in a buffer of its own and becomes part of the file when it is complete, so a copy that fails leaves no
 * trace and a reader never sees a block before its data.
 *
 * Bytes of the last block beyond the end of the file are zero, so that growing shows zeros.
 */
#include "file.h"

static void set_size(struct node *f, uint64_t bytes)
{
    f->size = bytes;
    node_move(f);
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
    if (!room || !file_pin_fast(f, p->index, &b) || !b)
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

static int file_commit(int number, bool times)
{
    const struct node *n = node_at(number);
    if (!n)
        return -EBADF;
    int error = volume_lock();
    if (error)
        return error;
    if (!volume.read_only || volume.damaged)
        error = times ? commit_all() : commit_file(n);
    volume_unlock();
    return error;
}

int fs_fsync(int node)
{
    return file_commit(node, true);
}

int fs_fdatasync(int node)
{
    return file_commit(node, false);
}

/* SPDX-License-Identifier: MIT */
/*
 * io.c: moves buffers to and from the disk: runs of adjacent blocks in one request, several requests in flight.
 *
 * Each request in flight has a slot, which pins its buffers.  Reads are started and waited for apart: whoever needs
 * a buffer that is BUFFER_LOADING waits for its slot.  Writes of a class are started together and waited for
 * together.  All of it happens under volume.lock, so a slot has one waiter at most.
 *
 * A buffer is no longer dirty once its write has started; if the write fails it is dirty again.
 */
#include "fs_part.h"

#define SLOTS 8u

struct slot {
    struct blk_request request;
    struct buffer *run[IO_RUN_MAX];
    uint32_t count;
    bool busy;
};

static struct slot slots[SLOTS];
static uint32_t cursor; /* where the oldest slot probably is */
static bool unflushed;
static int write_error;

void io_init(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        slots[i].busy = false;
    cursor = 0;
    unflushed = false;
    write_error = 0;
}

static void finish_read(struct buffer *b, int status)
{
    b->flags &= (uint8_t)~BUFFER_LOADING;
    if (status)
        cache_detach(b);
    else if (b->flags & BUFFER_HASHED)
        b->flags |= BUFFER_VALID;
}

/* Waits for a slot's request and gives its buffers back. */
static int finish(struct slot *s)
{
    int status = blk_wait(&s->request);
    if (status && s->request.op == BLK_WRITE)
        write_error = status;
    for (uint32_t i = 0; i < s->count; i++) {
        struct buffer *b = s->run[i];
        if (s->request.op == BLK_READ)
            finish_read(b, status);
        else if (status)
            cache_dirty(b, b->class);
        cache_put(b);
    }
    s->busy = false;
    return status;
}

bool io_finish_oldest(void)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *s = &slots[(cursor + i) % SLOTS];
        if (s->busy) {
            cursor = (cursor + i + 1) % SLOTS;
            finish(s);
            return true;
        }
    }
    return false;
}

void io_drain(void)
{
    while (io_finish_oldest())
        ;
}

static struct slot *take_slot(void)
{
    for (;;) {
        for (uint32_t i = 0; i < SLOTS; i++) {
            struct slot *s = &slots[(cursor + i) % SLOTS];
            if (!s->busy)
                return s;
        }
        io_finish_oldest();
    }
}

/* Starts a request for the adjacent blocks of run. */
static int start(struct slot *s, enum blk_op op)
{
    uint32_t bytes = volume.block_bytes;
    struct blk_request *r = &s->request;
    r->op = op;
    r->sector = (uint64_t)s->run[0]->block * (bytes / BLK_SECTOR_BYTES);
    r->segment_count = s->count;
    for (uint32_t i = 0; i < s->count; i++)
        r->segments[i] = (struct blk_segment){s->run[i]->data, bytes};
    int error = blk_submit(r);
    if (error)
        return error == -EINVAL ? -EIO : error;
    s->busy = true;
    for (uint32_t i = 0; i < s->count; i++)
        s->run[i]->pins++;
    return 0;
}

int io_read(struct buffer **run, uint32_t count)
{
    struct slot *s = take_slot();
    s->count = count;
    for (uint32_t i = 0; i < count; i++) {
        s->run[i] = run[i];
        run[i]->flags |= BUFFER_LOADING;
        run[i]->slot = (uint8_t)(s - slots);
    }
    int error = start(s, BLK_READ);
    if (error) {
        for (uint32_t i = 0; i < count; i++)
            finish_read(run[i], error);
        return error;
    }
    volume.books.blocks_read += count;
    return 0;
}

int io_wait(struct buffer *b)
{
    if (!(b->flags & BUFFER_LOADING))
        return b->flags & BUFFER_VALID ? 0 : -EIO;
    return finish(&slots[b->slot]);
}

static bool joins(const struct buffer *b, enum buffer_class c)
{
    return b && b->flags & BUFFER_DIRTY && b->class == c;
}

/* Fills s with up to max dirty buffers of class c that lie around b without a gap. */
static void gather(struct slot *s, struct buffer *b, enum buffer_class c, uint32_t max)
{
    struct buffer *before;
    for (uint32_t i = 1; i < max && b->block > 0 && joins(before = cache_find(b->block - 1), c); i++)
        b = before;
    s->count = 0;
    do {
        s->run[s->count++] = b;
        b->flags &= (uint8_t)~BUFFER_DIRTY;
        cache.dirty_count--;
        list_remove(&b->link);
        b = cache_find(b->block + 1);
    } while (s->count < max && joins(b, c));
}

static int write_around(struct buffer *b, enum buffer_class c, uint32_t max)
{
    struct slot *s = take_slot();
    gather(s, b, c, max);
    int error = start(s, BLK_WRITE);
    if (error) {
        for (uint32_t i = 0; i < s->count; i++)
            cache_dirty(s->run[i], c);
        return error;
    }
    unflushed = true;
    volume.books.blocks_written += s->count;
    return 0;
}

int io_write_class(enum buffer_class c)
{
    struct list *dirty = &cache.dirty[c], end; /* what gets dirty meanwhile comes after end */
    if (list_empty(dirty))
        return 0;
    int error = 0;
    write_error = 0;
    list_add(dirty, &end);
    while (!error && dirty->next != &end)
        error = write_around(LIST_ENTRY(dirty->next, struct buffer, link), c, IO_RUN_MAX);
    list_remove(&end);
    io_drain();
    return error ? error : write_error;
}

int io_write_buffer(struct buffer *b)
{
    cache_dirty(b, CLASS_META);
    write_error = 0;
    int error = write_around(b, b->class, 1);
    io_drain();
    return error ? error : write_error;
}

int io_flush(void)
{
    if (!unflushed)
        return 0;
    struct slot *s = take_slot();
    s->request.op = BLK_FLUSH;
    s->request.sector = 0;
    s->request.segment_count = s->count = 0;
    int error = blk_submit(&s->request);
    if (!error)
        error = blk_wait(&s->request);
    if (error)
        return error;
    unflushed = false;
    volume.books.flushes++;
    return 0;
}

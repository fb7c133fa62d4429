/* SPDX-License-Identifier: MIT */
/*
 * cache.c: buffers, each holding one block, found by block number and recycled by a clock.
 *
 * Buffers are made while the limit allows, several to a page where blocks are small, and recycled after that:
 * those that are neither pinned, dirty nor being read.  Whoever changes the volume keeps the number of dirty
 * buffers under dirty_limit before it starts (volume_begin), so there are always some to recycle; a few more than
 * the limit may be made when an operation pins many at once.
 *
 * A buffer whose block is freed leaves the hash table at once but keeps its contents until its last pin goes: a
 * reader that sleeps while copying out never sees another file's data.
 */
#include "alloc.h"
#include "fs_part.h"

#define BUFFERS_PER_CHUNK (PAGE_BYTES / (uint32_t)sizeof(struct buffer))
#define CACHE_PAGES_MIN 16u
#define CACHE_SLACK_PAGES 16u

struct cache cache;

static struct buffer *buffer_at(uint32_t index)
{
    return &cache.chunks[index / BUFFERS_PER_CHUNK][index % BUFFERS_PER_CHUNK];
}

static int table_init(void)
{
    uint32_t entries = PAGE_BYTES / sizeof(struct buffer *);
    while (entries < cache.limit)
        entries *= 2;
    cache.table_order = 0;
    while (((uint64_t)PAGE_BYTES << cache.table_order) < entries * sizeof(struct buffer *))
        cache.table_order++;
    cache.table = alloc_pages(cache.table_order);
    if (!cache.table)
        return -ENOMEM;
    memset(cache.table, 0, (uint64_t)PAGE_BYTES << cache.table_order);
    cache.mask = entries - 1;
    return 0;
}

int cache_init(uint32_t pages)
{
    uint32_t per_page = PAGE_BYTES / volume.block_bytes;
    if (pages < CACHE_PAGES_MIN)
        pages = CACHE_PAGES_MIN;
    if (pages > volume.blocks / per_page + CACHE_PAGES_MIN) /* more than the volume has: of no use */
        pages = volume.blocks / per_page + CACHE_PAGES_MIN;
    cache.limit = pages * per_page;
    cache.dirty_limit = cache.limit / 2;
    cache.count = cache.used = cache.hand = cache.dirty_count = 0;
    for (unsigned c = 0; c < CLASS_COUNT; c++)
        list_init(&cache.dirty[c]);
    cache.chunk_count = (cache.limit + CACHE_SLACK_PAGES * per_page) / BUFFERS_PER_CHUNK + 1;
    cache.chunks = alloc_get(cache.chunk_count * sizeof(struct buffer *));
    if (!cache.chunks)
        return -ENOMEM;
    int error = table_init();
    if (error) {
        alloc_put(cache.chunks);
        cache.chunks = NULL;
    }
    return error;
}

void cache_drop(void)
{
    if (!cache.chunks)
        return;
    for (uint32_t i = 0; i < cache.count; i++) {
        struct buffer *b = buffer_at(i);
        if (((uintptr_t)b->data & (PAGE_BYTES - 1)) == 0)
            alloc_page_free(b->data);
    }
    for (uint32_t i = 0; i < cache.chunk_count; i++)
        if (cache.chunks[i])
            alloc_page_free(cache.chunks[i]);
    alloc_pages_free(cache.table, cache.table_order);
    alloc_put(cache.chunks);
    cache.chunks = NULL;
    cache.count = cache.used = 0;
}

/* One more page of buffers.  The chunk pages are made first, so that nothing is lost when memory ends. */
static bool grow(void)
{
    uint32_t per_page = PAGE_BYTES / volume.block_bytes;
    uint32_t chunk = (cache.count + per_page - 1) / BUFFERS_PER_CHUNK;
    if (chunk >= cache.chunk_count)
        return false;
    if (!cache.chunks[chunk] && !(cache.chunks[chunk] = alloc_page()))
        return false;
    uint8_t *data = alloc_page();
    if (!data)
        return false;
    for (uint32_t i = 0; i < per_page; i++) {
        struct buffer *b = buffer_at(cache.count++);
        *b = (struct buffer){.data = data + i * volume.block_bytes};
        list_init(&b->link);
    }
    return true;
}

static void unhash(struct buffer *b)
{
    struct buffer **at = &cache.table[b->block & cache.mask];
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    b->flags = 0;
}

/* The clock: two rounds, so that every buffer that may go has lost its BUFFER_USED. */
static struct buffer *sweep(void)
{
    for (uint64_t i = 0; i < 2 * (uint64_t)cache.used; i++) {
        struct buffer *b = buffer_at(cache.hand);
        if (++cache.hand >= cache.used)
            cache.hand = 0;
        if (b->pins || b->flags & (BUFFER_DIRTY | BUFFER_LOADING))
            continue;
        if (b->flags & BUFFER_USED) {
            b->flags &= (uint8_t)~BUFFER_USED;
            continue;
        }
        return b;
    }
    return NULL;
}

int cache_get_blank(struct buffer **out)
{
    struct buffer *b = NULL;
    if (cache.used < cache.count || (cache.count < cache.limit && grow()))
        b = buffer_at(cache.used++);
    else
        b = sweep();
    while (!b && io_finish_oldest())
        b = sweep();
    if (!b && grow())
        b = buffer_at(cache.used++);
    if (!b)
        return -ENOMEM;
    if (b->flags & BUFFER_HASHED)
        unhash(b);
    b->flags = 0;
    b->pins = 1;
    *out = b;
    return 0;
}

void cache_attach(struct buffer *b, uint32_t block)
{
    struct buffer **head = &cache.table[block & cache.mask];
    b->block = block;
    b->next = *head;
    b->flags = BUFFER_HASHED | BUFFER_VALID | BUFFER_USED;
    *head = b;
}

void cache_detach(struct buffer *b)
{
    if (!(b->flags & BUFFER_HASHED))
        return;
    uint8_t loading = b->flags & BUFFER_LOADING;
    if (b->flags & BUFFER_DIRTY) {
        list_remove(&b->link);
        cache.dirty_count--;
    }
    unhash(b);
    b->flags = loading;
}

void cache_forget(uint32_t block)
{
    struct buffer *b = cache_find(block);
    if (b)
        cache_detach(b);
}

/* Finds the block, or gives it a buffer that is not valid. */
static int get_any(uint32_t block, struct buffer **out)
{
    if (UNLIKELY(block >= volume.blocks))
        return volume_damage("block number", block);
    struct buffer *b = cache_find(block);
    if (b) {
        b->pins++;
        b->flags |= BUFFER_USED;
        if (b->flags & BUFFER_LOADING)
            io_wait(b);
        if (LIKELY(b->flags & BUFFER_HASHED)) {
            *out = b;
            return 0;
        }
        cache_put(b); /* reading ahead failed: once more, alone */
    }
    int error = cache_get_blank(&b);
    if (error)
        return error;
    cache_attach(b, block);
    b->flags &= (uint8_t)~BUFFER_VALID;
    *out = b;
    return 0;
}

int cache_get(uint32_t block, struct buffer **out)
{
    struct buffer *b;
    int error = get_any(block, &b);
    if (error)
        return error;
    if (b->flags & BUFFER_VALID) {
        volume.books.cache_hits++;
        *out = b;
        return 0;
    }
    volume.books.cache_misses++;
    error = io_read(&b, 1);
    if (!error)
        error = io_wait(b);
    if (error) {
        cache_detach(b);
        cache_put(b);
        return error;
    }
    *out = b;
    return 0;
}

int cache_get_cleared(uint32_t block, struct buffer **out)
{
    int error = get_any(block, out);
    if (error)
        return error;
    memset((*out)->data, 0, volume.block_bytes);
    (*out)->flags |= BUFFER_VALID;
    return 0;
}

void cache_dirty(struct buffer *b, enum buffer_class class)
{
    if (!(b->flags & BUFFER_HASHED))
        return;
    if (b->flags & BUFFER_DIRTY) {
        if (class <= b->class || b->class == CLASS_META)
            return;
        list_remove(&b->link);
    } else {
        b->flags |= BUFFER_DIRTY;
        cache.dirty_count++;
    }
    b->class = class;
    list_add(&cache.dirty[class], &b->link);
}

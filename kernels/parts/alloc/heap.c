/* SPDX-License-Identifier: MIT */
/*
 * heap.c: small objects in slabs of one frame, one free list per size; larger ones in blocks of their own frames.
 *
 *   slab   | header | object | object | ...      the header, at the start of the frame, tells size and use
 *   block  | header | object                     the header tells the order
 *
 * A slab whose last object is freed goes back to the frames unless it is its size's only one.
 */
#include "alloc.h"
#include "base/list.h"
#include "base/panic.h"
#include "base/string.h"

#define MAGIC_SLAB 0x51ab51abu
#define MAGIC_BLOCK 0xb10cb10cu
#define HEADER_BYTES 64
#define OBJECT_MAX 2016
#define BLOCK_BYTES_MAX (128u << 10)

static const uint16_t sizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 672, 1008, 1344, 2016};
#define SIZES (sizeof sizes / sizeof *sizes)

struct header {
    uint32_t magic;
    uint16_t used, size_index; /* size_index: a block's order */
    void *free;                /* chain of free objects */
    struct list link;          /* in partial[size_index] while it has a free object */
};

static struct list partial[SIZES];

static unsigned size_index(size_t bytes)
{
    unsigned i = 0;

    while (sizes[i] < bytes)
        i++;
    return i;
}

static struct header *slab_make(unsigned index)
{
    char *page = alloc_page();
    struct header *slab = (struct header *)page;

    if (!page)
        return NULL;
    *slab = (struct header){.magic = MAGIC_SLAB, .size_index = (uint16_t)index};
    for (char *p = page + HEADER_BYTES; p + sizes[index] <= page + PAGE_BYTES; p += sizes[index]) {
        *(void **)p = slab->free;
        slab->free = p;
    }
    list_add_first(&partial[index], &slab->link);
    return slab;
}

static void *slab_get(unsigned index)
{
    struct header *slab;
    void *object;

    if (!partial[index].next)
        list_init(&partial[index]);
    slab = list_empty(&partial[index]) ? slab_make(index) : LIST_ENTRY(partial[index].next, struct header, link);
    if (!slab)
        return NULL;
    object = slab->free;
    slab->free = *(void **)object;
    slab->used++;
    if (!slab->free)
        list_remove(&slab->link);
    memset(object, 0, sizes[index]);
    return object;
}

static void slab_put(struct header *slab, void *object)
{
    if (!slab->free)
        list_add_first(&partial[slab->size_index], &slab->link);
    *(void **)object = slab->free;
    slab->free = object;
    if (--slab->used == 0 && slab->link.next != slab->link.prev) {
        list_remove(&slab->link);
        alloc_page_free(slab);
    }
}

static void *block_get(size_t bytes)
{
    unsigned order = 0;
    struct header *block;

    if (bytes > BLOCK_BYTES_MAX)
        return NULL;
    while (((size_t)PAGE_BYTES << order) < bytes + HEADER_BYTES)
        order++;
    block = alloc_pages(order);
    if (!block)
        return NULL;
    memset(block, 0, (size_t)PAGE_BYTES << order);
    block->magic = MAGIC_BLOCK;
    block->size_index = (uint16_t)order;
    return (char *)block + HEADER_BYTES;
}

void *alloc_get(size_t bytes)
{
    return bytes <= OBJECT_MAX ? slab_get(size_index(bytes)) : block_get(bytes);
}

void alloc_put(void *object)
{
    struct header *header = (struct header *)((uintptr_t)object & ~(uintptr_t)(PAGE_BYTES - 1));

    if (!object)
        return;
    if (header->magic == MAGIC_SLAB)
        slab_put(header, object);
    else if (header->magic == MAGIC_BLOCK)
        alloc_pages_free(header, header->size_index);
    else
        panic("%p is not on the heap", object);
}

/* SPDX-License-Identifier: MIT */
/*
 * memory.c: memory of lwIP and of sockets, in few sizes, each from frames of its own.  An object never crosses a page
 * but where it is larger than one, so an interface takes it as it is, and freeing needs no size:
 *
 *   slab   | header | object | object | ...     the header, at the start of the frame, tells the size
 *   block  | header | object                    of several frames
 *
 * All of it together has a bound.
 */
#include "alloc.h"
#include "base/panic.h"
#include "base/string.h"
#include "net_part.h"

#define HEADER_BYTES 32u
#define SLAB_ROOM (PAGE_BYTES - HEADER_BYTES)
#define GRAIN 32u
#define SHARE 3u /* of memory: at most a third */
#define CLASS_BLOCK 0xffu
#define ORDER_MAX 5u

struct slab {
    struct list link; /* among those of its size that have room; off it when full */
    void *free;
    uint16_t used, fresh; /* objects handed out; where the part begins that never was */
    uint8_t size_class, order;
};
_Static_assert(sizeof(struct slab) <= HEADER_BYTES, "the header of a slab");

static const uint16_t sizes[] = {32, 64, 96, 128, 256, 336, 512, 1008, 2032, 4064};
#define CLASSES (sizeof sizes / sizeof *sizes)
static uint8_t class_of[SLAB_ROOM / GRAIN + 1]; /* by bytes in grains, rounded up */
static struct list with_room[CLASSES];
static uint64_t used_bytes, pages, pages_max;

void memory_init(void)
{
    for (unsigned c = CLASSES; c-- > 0;) {
        list_init(&with_room[c]);
        for (unsigned i = 0; i <= sizes[c] / GRAIN; i++)
            class_of[i] = (uint8_t)c;
    }
    pages_max = alloc_total_pages() / SHARE;
}

uint64_t memory_used(void)
{
    return used_bytes;
}

bool memory_is_plenty(void)
{
    return pages < pages_max / 4 * 3;
}

bool memory_is_there(void)
{
    void *object = net_memory_get(sizes[CLASSES - 1]);

    if (object)
        net_memory_put(object);
    return object != NULL;
}

static struct slab *slab_of(const void *object)
{
    return (struct slab *)((uintptr_t)object & ~(uintptr_t)(PAGE_BYTES - 1));
}

static __attribute__((noinline)) struct slab *slab_make(unsigned c)
{
    struct slab *slab = pages < pages_max ? alloc_page() : NULL;

    if (!slab)
        return NULL;
    pages++;
    *slab = (struct slab){.size_class = (uint8_t)c, .fresh = HEADER_BYTES};
    list_add(&with_room[c], &slab->link);
    return slab;
}

static __attribute__((noinline)) void *block_get(size_t bytes)
{
    unsigned order = 1;
    struct slab *slab;

    while (order <= ORDER_MAX && ((size_t)PAGE_BYTES << order) < bytes + HEADER_BYTES)
        order++;
    if (order > ORDER_MAX || pages + (1u << order) > pages_max || !(slab = alloc_pages(order)))
        return NULL;
    pages += 1u << order;
    used_bytes += (uint64_t)PAGE_BYTES << order;
    slab->size_class = CLASS_BLOCK;
    slab->order = (uint8_t)order;
    return (char *)slab + HEADER_BYTES;
}

static void block_put(struct slab *slab)
{
    pages -= 1u << slab->order;
    used_bytes -= (uint64_t)PAGE_BYTES << slab->order;
    alloc_pages_free(slab, slab->order);
}

void *net_memory_get(size_t bytes)
{
    unsigned c;
    struct slab *slab;
    void *object;

    if (bytes > sizes[CLASSES - 1])
        return block_get(bytes);
    c = class_of[(bytes + GRAIN - 1) / GRAIN];
    slab = LIST_ENTRY(with_room[c].next, struct slab, link);
    if (list_empty(&with_room[c]) && !(slab = slab_make(c)))
        return NULL;
    object = slab->free;
    if (object) {
        slab->free = *(void **)object;
    } else {
        object = (char *)slab + slab->fresh;
        slab->fresh = (uint16_t)(slab->fresh + sizes[c]);
    }
    slab->used++;
    used_bytes += sizes[c];
    if (!slab->free && slab->fresh + sizes[c] > PAGE_BYTES)
        list_remove(&slab->link);
    return object;
}

void *net_memory_get_array(size_t count, size_t bytes)
{
    void *object = net_memory_get(count * bytes);

    return object ? memset(object, 0, count * bytes) : NULL;
}

/* A slab without objects goes back, unless it is its size's only one with room. */
static __attribute__((noinline)) void slab_free(struct slab *slab)
{
    struct list *head = &with_room[slab->size_class];

    if (head->next == &slab->link && head->prev == &slab->link)
        return;
    list_remove(&slab->link);
    pages--;
    alloc_page_free(slab);
}

void net_memory_put(void *object)
{
    struct slab *slab = slab_of(object);

    if (slab->size_class == CLASS_BLOCK) {
        block_put(slab);
        return;
    }
    ASSERT(slab->used);
    used_bytes -= sizes[slab->size_class];
    if (!slab->free && slab->fresh + sizes[slab->size_class] > PAGE_BYTES)
        list_add_first(&with_room[slab->size_class], &slab->link);
    *(void **)object = slab->free;
    slab->free = object;
    if (--slab->used == 0)
        slab_free(slab);
}

size_t memory_room(const void *object, const void *at)
{
    struct slab *slab = slab_of(object);
    size_t size, start = HEADER_BYTES, from = (size_t)((const char *)at - (const char *)slab);

    if (slab->size_class == CLASS_BLOCK)
        return ((size_t)PAGE_BYTES << slab->order) - from;
    size = sizes[slab->size_class];
    return size - (from - start) % size;
}

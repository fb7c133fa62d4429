/* SPDX-License-Identifier: MIT */
/*
 * pages.c: page frames, a buddy system per range (Knuth, TAOCP 1, 2.5).
 *
 * Frames that were never given out lie above the range's mark and cost nothing at boot; freed blocks join their
 * buddies on one list per order.  Single frames, by far the commonest, go through a short stack first, so that
 * freeing and taking one again is a few instructions.
 *
 * Per frame: its references, and order + 1 while it heads a free block (0 otherwise).
 */
#include "alloc.h"
#include "base/list.h"
#include "base/panic.h"
#include "base/string.h"
#include <stdbool.h>

#define ORDERS 10
#define RANGES 16
#define STACK_FRAMES 64
#define MIN_FRAMES 4

struct range {
    char *start;
    uint64_t frames, mark; /* frames from mark on were never given out */
    uint64_t skew;         /* frames from an address that is aligned for every order to start */
    uint16_t *refs;
    uint8_t *free_order;
    uint32_t orders; /* bit n: free[n] is not empty */
    struct list free[ORDERS];
};

static struct range ranges[RANGES];
static unsigned range_count;
static void *stack[STACK_FRAMES];
static unsigned stack_used;
static uint64_t free_frames, total_frames;

void alloc_add_range(void *start, void *end)
{
    uint64_t frames = (uint64_t)((char *)end - (char *)start) / PAGE_BYTES;
    uint64_t books = (frames * (sizeof(uint16_t) + 1) + PAGE_BYTES - 1) / PAGE_BYTES;
    struct range *r = &ranges[range_count];

    if (range_count == RANGES || frames < MIN_FRAMES + books)
        return;
    range_count++;
    r->refs = start;
    r->free_order = (uint8_t *)(r->refs + frames);
    memset(r->free_order, 0, frames);
    r->start = (char *)start + books * PAGE_BYTES;
    r->frames = frames - books;
    r->skew = (uint64_t)r->start / PAGE_BYTES & ((1u << (ORDERS - 1)) - 1);
    for (unsigned i = 0; i < ORDERS; i++)
        list_init(&r->free[i]);
    free_frames += r->frames;
    total_frames += r->frames;
}

static struct range *range_of(const void *page, uint64_t *frame)
{
    for (unsigned i = 0; i < range_count; i++) {
        uint64_t bytes = (uint64_t)((const char *)page - ranges[i].start);
        if (bytes < ranges[i].frames * PAGE_BYTES) {
            *frame = bytes / PAGE_BYTES;
            return &ranges[i];
        }
    }
    panic("%p is not the allocator's", page);
}

static struct list *frame_link(struct range *r, uint64_t frame)
{
    return (struct list *)(r->start + frame * PAGE_BYTES);
}

static void block_add(struct range *r, uint64_t frame, unsigned order)
{
    r->free_order[frame] = (uint8_t)(order + 1);
    list_add_first(&r->free[order], frame_link(r, frame));
    r->orders |= 1u << order;
}

static void block_remove(struct range *r, uint64_t frame)
{
    unsigned order = r->free_order[frame] - 1u;

    r->free_order[frame] = 0;
    list_remove(frame_link(r, frame));
    if (list_empty(&r->free[order]))
        r->orders &= ~(1u << order);
}

static void block_free(struct range *r, uint64_t frame, unsigned order)
{
    while (order + 1 < ORDERS) {
        uint64_t buddy = ((frame + r->skew) ^ (1ull << order)) - r->skew; /* below the range: above its mark */
        if (buddy >= r->mark || r->free_order[buddy] != order + 1)
            break;
        block_remove(r, buddy);
        frame = buddy < frame ? buddy : frame;
        order++;
    }
    block_add(r, frame, order);
}

/* Frames that alignment skips become free blocks, each as large as its address allows. */
static void *block_take_new(struct range *r, unsigned order)
{
    uint64_t size = 1ull << order, frame = ((r->mark + r->skew + size - 1) & ~(size - 1)) - r->skew;

    if (frame + size > r->frames)
        return NULL;
    while (r->mark < frame) {
        uint64_t from = r->mark;
        unsigned skip = (unsigned)__builtin_ctzll(from + r->skew);
        r->mark += 1ull << skip;
        block_free(r, from, skip);
    }
    r->mark = frame + size;
    return r->start + frame * PAGE_BYTES;
}

static void *block_take(struct range *r, unsigned order)
{
    uint32_t enough = r->orders >> order;
    unsigned have;
    uint64_t frame;

    if (!enough)
        return block_take_new(r, order);
    have = order + (unsigned)__builtin_ctz(enough);
    frame = (uint64_t)((char *)r->free[have].next - r->start) / PAGE_BYTES;
    block_remove(r, frame);
    while (have > order) {
        have--;
        block_add(r, frame + (1ull << have), have);
    }
    return r->start + frame * PAGE_BYTES;
}

static void stack_drain(void)
{
    uint64_t frame;

    while (stack_used) {
        struct range *r = range_of(stack[--stack_used], &frame);
        block_free(r, frame, 0);
    }
}

static void *pages_take(unsigned order)
{
    void *pages = NULL;

    for (unsigned i = 0; i < range_count && !pages; i++)
        pages = block_take(&ranges[i], order);
    return pages;
}

void *alloc_pages(unsigned order)
{
    void *pages;

    if (order >= ORDERS)
        return NULL;
    pages = pages_take(order);
    if (!pages && stack_used) {
        stack_drain();
        pages = pages_take(order);
    }
    if (pages)
        free_frames -= 1ull << order;
    return pages;
}

void alloc_pages_free(void *pages, unsigned order)
{
    uint64_t frame;
    struct range *r = range_of(pages, &frame);

    free_frames += 1ull << order;
    block_free(r, frame, order);
}

void *alloc_page(void)
{
    void *page = stack_used ? stack[--stack_used] : pages_take(0);
    uint64_t frame;

    if (page) {
        free_frames--;
        range_of(page, &frame)->refs[frame] = 1;
    }
    return page;
}

void *alloc_page_zeroed(void)
{
    void *page = alloc_page();

    if (page)
        memset(page, 0, PAGE_BYTES);
    return page;
}

void alloc_page_free(void *page)
{
    uint64_t frame;
    struct range *r = range_of(page, &frame);

    ASSERT(r->refs[frame] > 0);
    if (--r->refs[frame])
        return;
    free_frames++;
    if (stack_used == STACK_FRAMES)
        stack_drain();
    stack[stack_used++] = page;
}

void alloc_page_get(void *page)
{
    uint64_t frame;

    range_of(page, &frame)->refs[frame]++;
}

unsigned alloc_page_refs(const void *page)
{
    uint64_t frame;

    return range_of(page, &frame)->refs[frame];
}

uint64_t alloc_free_pages(void)
{
    return free_frames;
}

uint64_t alloc_total_pages(void)
{
    return total_frames;
}

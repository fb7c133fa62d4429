/* SPDX-License-Identifier: MIT */
/*
 * alloc.c (host): alloc.h over the C library's allocator, so that a sanitizer sees every object by itself.
 */
#include "alloc.h"
#include "base/panic.h"
#include "host.h"
#include <stdlib.h>
#include <string.h>

#define HEAP_MAX (128u << 10)

/* Frames with more than one reference. */
struct shared {
    struct shared *next;
    const void *page;
    unsigned extra;
};

static struct shared *shared;
static uint64_t out, objects, fail_at, calls;

void host_alloc_fail(uint64_t n)
{
    fail_at = n;
    calls = 0;
}

uint64_t host_alloc_pages_out(void)
{
    return out;
}

uint64_t host_alloc_objects_out(void)
{
    return objects;
}

bool host_alloc_failed(void)
{
    return fail_at && calls >= fail_at;
}

static bool fails(void)
{
    return fail_at && ++calls >= fail_at;
}

void alloc_add_range(void *start, void *end)
{
    (void)start;
    (void)end;
}

void *alloc_pages(unsigned order)
{
    void *pages;
    size_t bytes = (size_t)PAGE_BYTES << order;
    if (fails() || posix_memalign(&pages, bytes, bytes))
        return NULL;
    out += (uint64_t)1 << order;
    memset(pages, 0xa5, bytes < HEAP_MAX ? bytes : HEAP_MAX);
    return pages;
}

void alloc_pages_free(void *pages, unsigned order)
{
    out -= (uint64_t)1 << order;
    free(pages);
}

void *alloc_page(void)
{
    return alloc_pages(0);
}

void *alloc_page_zeroed(void)
{
    void *page = alloc_pages(0);
    return page ? memset(page, 0, PAGE_BYTES) : NULL;
}

static struct shared **find(const void *page)
{
    struct shared **at = &shared;
    while (*at && (*at)->page != page)
        at = &(*at)->next;
    return at;
}

void alloc_page_get(void *page)
{
    struct shared **at = find(page);
    if (!*at) {
        *at = calloc(1, sizeof **at);
        ASSERT(*at);
        (*at)->page = page;
    }
    (*at)->extra++;
}

void alloc_page_free(void *page)
{
    struct shared **at = find(page), *s = *at;
    if (!s) {
        alloc_pages_free(page, 0);
    } else if (--s->extra == 0) {
        *at = s->next;
        free(s);
    }
}

unsigned alloc_page_refs(const void *page)
{
    struct shared *s = *find(page);
    return 1 + (s ? s->extra : 0);
}

uint64_t alloc_free_pages(void)
{
    return alloc_total_pages() - out;
}

uint64_t alloc_total_pages(void)
{
    return (uint64_t)1 << 20;
}

void *alloc_get(size_t bytes)
{
    void *object = fails() || bytes > HEAP_MAX ? NULL : calloc(1, bytes ? bytes : 1);
    objects += object != NULL;
    return object;
}

void alloc_put(void *object)
{
    objects -= object != NULL;
    free(object);
}

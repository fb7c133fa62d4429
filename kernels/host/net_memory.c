/* SPDX-License-Identifier: MIT */
/*
 * net_memory.c (host): memory for the part net from the C library, in place of its memory.c: each object by itself, so
 * that a sanitizer sees what reads or writes beyond one, or after its end.
 */
#include "alloc.h"
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define BYTES_MAX (16u << 20)

void memory_init(void);
uint64_t memory_used(void);
size_t memory_room(const void *object, const void *at);
void *net_memory_get(size_t bytes);
void *net_memory_get_array(size_t count, size_t bytes);
void net_memory_put(void *object);

static uint64_t used;

void memory_init(void)
{
}

uint64_t memory_used(void)
{
    return used;
}

bool memory_is_plenty(void)
{
    return used < BYTES_MAX / 4 * 3;
}

bool memory_is_there(void)
{
    return used + PAGE_BYTES <= BYTES_MAX;
}

void *net_memory_get(size_t bytes)
{
    void *object = used + bytes <= BYTES_MAX ? malloc(bytes) : NULL;
    used += object ? malloc_usable_size(object) : 0;
    return object;
}

void *net_memory_get_array(size_t count, size_t bytes)
{
    void *object = used + count * bytes <= BYTES_MAX ? calloc(count, bytes) : NULL;
    used += object ? malloc_usable_size(object) : 0;
    return object;
}

void net_memory_put(void *object)
{
    used -= malloc_usable_size(object);
    free(object);
}

size_t memory_room(const void *object, const void *at)
{
    return malloc_usable_size((void *)object) - (size_t)((const char *)at - (const char *)object);
}

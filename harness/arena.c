/* SPDX-License-Identifier: MIT */
/*
 * arena.c: a chain of blocks from malloc.  Allocations are never moved or freed one by one; arrays grow by
 * copying, which wastes at most as much again as they hold.
 */
#include "arena.h"
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384

struct arena_block {
    struct arena_block *next;
    size_t used, room;
    alignas(max_align_t) char bytes[];
};

static struct arena_block *block_alloc(size_t bytes)
{
    size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    struct arena_block *block = calloc(1, sizeof(*block) + room);

    if (!block)
        abort();
    block->room = room;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    struct arena_block *block = arena->blocks;

    bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!block || block->room - block->used < bytes) {
        block = block_alloc(bytes);
        block->next = arena->blocks;
        arena->blocks = block;
    }
    block->used += bytes;
    return block->bytes + block->used - bytes;
}

char *arena_copy_n(struct arena *arena, const char *text, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);

    memcpy(copy, text, n);
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return arena_copy_n(arena, text, strlen(text));
}

char *arena_print_args(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    int length;
    char *text;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        abort();
    text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = arena_print_args(arena, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *room, size_t element_bytes)
{
    void *bigger;

    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 8;
    bigger = arena_alloc(arena, *room * element_bytes);
    if (items)
        memcpy(bigger, items, count * element_bytes);
    return bigger;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
}

static void strings_put(struct arena *arena, struct strings *list, char *text)
{
    list->items = arena_grow(arena, list->items, list->count + 1, &list->room, sizeof(*list->items));
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void strings_add(struct arena *arena, struct strings *list, const char *text)
{
    strings_put(arena, list, arena_copy(arena, text));
}

void strings_print(struct arena *arena, struct strings *list, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    strings_put(arena, list, arena_print_args(arena, format, args));
    va_end(args);
}

char *strings_join(struct arena *arena, const struct strings *list, const char *separator)
{
    char *text = arena_copy(arena, "");

    for (size_t i = 0; i < list->count; i++)
        text = arena_print(arena, "%s%s%s", text, i ? separator : "", list->items[i]);
    return text;
}

/* SPDX-License-Identifier: MIT */
/*
 * arena.h: memory that lives as long as one command or one guest run and is given back in one go.  Nothing here
 * fails: a harness without memory aborts.  An arena that is all zeros is ready for use; one thread at a time.
 */
#ifndef TOLL_ARENA_H
#define TOLL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

/* A growing list of strings; strings added are copied into the arena.  items[count] is always NULL once one was
   added, so that items is an argument vector. */
struct strings {
    char **items;
    size_t count, room;
};

/* Cleared memory, aligned for any object. */
void *arena_alloc(struct arena *arena, size_t bytes);
char *arena_copy(struct arena *arena, const char *text);
char *arena_copy_n(struct arena *arena, const char *text, size_t n);
char *arena_print(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_print_args(struct arena *arena, const char *format, va_list args);

/* Makes room for one more element in an array of count elements that has *room places; items is NULL at first. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *room, size_t element_bytes);

void arena_free(struct arena *arena);

void strings_add(struct arena *arena, struct strings *list, const char *text);
void strings_print(struct arena *arena, struct strings *list, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The items with separator between them. */
char *strings_join(struct arena *arena, const struct strings *list, const char *separator);

#ifdef __cplusplus
}
#endif

#endif

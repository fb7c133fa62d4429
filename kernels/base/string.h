/* SPDX-License-Identifier: MIT */
/* string.h: the memory and string functions that freestanding code may use, with their standard meanings.  The
   compiler also calls the first four by itself. */
#ifndef TOLL_STRING_H
#define TOLL_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *what);

#endif

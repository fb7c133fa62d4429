/* SPDX-License-Identifier: MIT */
/*
 * string.c: memory and strings for freestanding code.
 *
 * Blocks of 64 bytes and more move with the REP instructions in words of eight; shorter ones in a loop of words.
 * Whatever does not fill a word at the end is covered by one word that overlaps its neighbour: it is loaded
 * before anything is stored, so that the forward copy is also right for a destination that lies below an
 * overlapping source.
 *
 * HIDE keeps the compiler from seeing through a loop: it would turn the loop into a call of the function that
 * the loop implements.
 */
#include "base/string.h"
#include <stdint.h>

#define WORD sizeof(uint64_t)
#define REP_BYTES 64

#define HIDE(pointer) __asm__("" : "+r"(pointer))

typedef uint64_t __attribute__((may_alias, aligned(1))) word8;
typedef uint32_t __attribute__((may_alias, aligned(1))) word4;
typedef uint16_t __attribute__((may_alias, aligned(1))) word2;

/* Fewer bytes than a word: everything is loaded before anything is stored, so any overlap is right. */
static void copy_tiny(unsigned char *d, const unsigned char *s, size_t n)
{
    if (n >= 4) {
        uint32_t first = *(const word4 *)s, last = *(const word4 *)(s + n - 4);
        *(word4 *)d = first;
        *(word4 *)(d + n - 4) = last;
    } else if (n >= 2) {
        uint16_t first = *(const word2 *)s, last = *(const word2 *)(s + n - 2);
        *(word2 *)d = first;
        *(word2 *)(d + n - 2) = last;
    } else if (n) {
        *d = *s;
    }
}

static inline void copy_forward(unsigned char *d, const unsigned char *s, size_t n)
{
    if (n < WORD) {
        copy_tiny(d, s, n);
        return;
    }
    uint64_t last = *(const word8 *)(s + n - WORD);
    unsigned char *d_last = d + n - WORD;
    if (n >= REP_BYTES) {
        size_t words = n / WORD;
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
    } else {
        for (; d < d_last; d += WORD, s += WORD) {
            HIDE(d);
            *(word8 *)d = *(const word8 *)s;
        }
    }
    *(word8 *)d_last = last;
}

/* For a destination that lies above an overlapping source. */
static void copy_backward(unsigned char *d, const unsigned char *s, size_t n)
{
    if (n < WORD) {
        copy_tiny(d, s, n);
        return;
    }
    uint64_t first = *(const word8 *)s;
    for (size_t at = n; at > WORD; at -= WORD) {
        HIDE(at);
        *(word8 *)(d + at - WORD) = *(const word8 *)(s + at - WORD);
    }
    *(word8 *)d = first;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    copy_forward(dst, src, n);
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        copy_forward(dst, src, n);
    else
        copy_backward(dst, src, n);
    return dst;
}

void *memset(void *dst, int byte, size_t n)
{
    unsigned char *d = dst;
    uint64_t word = (unsigned char)byte * 0x0101010101010101u;
    if (n < WORD) {
        for (; n; n--) {
            HIDE(d);
            *d++ = (unsigned char)byte;
        }
        return dst;
    }
    unsigned char *d_last = d + n - WORD;
    if (n >= REP_BYTES) {
        size_t words = n / WORD;
        __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(word) : "memory");
    } else {
        for (; d < d_last; d += WORD) {
            HIDE(d);
            *(word8 *)d = word;
        }
    }
    *(word8 *)d_last = word;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n >= WORD && *(const word8 *)x == *(const word8 *)y; n -= WORD) {
        x += WORD;
        y += WORD;
        HIDE(x);
    }
    for (; n; n--, x++, y++) {
        HIDE(x);
        if (*x != *y)
            return *x - *y;
    }
    return 0;
}

size_t strlen(const char *s)
{
    const char *at = s;
    for (; *at; at++)
        HIDE(at);
    return (size_t)(at - s);
}

size_t strnlen(const char *s, size_t n)
{
    size_t length = 0;
    while (length < n && s[length])
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; n--)
        a++, b++;
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++) {
        HIDE(s);
        if (!*s)
            return NULL;
    }
    return (char *)s;
}

char *strstr(const char *s, const char *what)
{
    size_t length = strlen(what);
    for (;; s++) {
        if (strncmp(s, what, length) == 0)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

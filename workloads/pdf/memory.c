/* SPDX-License-Identifier: MIT */
/*
 * memory.c: the memory of one document.  Blocks are malloc'd and linked, so that closing the document frees them
 * all wherever reading stopped; their sum is limited.  Arenas cut small objects from blocks and never give a
 * single one back.  Errors and the work limit are kept here too, as everything above needs them.
 */
#include "pdf_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 16384u
#define ALIGN_UP(n) (((n) + 15) & ~(size_t)15)

struct pdf_block {
    struct pdf_block *next, *prev;
    size_t bytes; /* with this header */
    size_t pad;   /* keeps what follows 16-byte aligned */
};

struct pdf_chunk {
    struct pdf_chunk *next;
    size_t room, used;
    size_t pad;
};

void pdf_error_set(struct pdf *pdf, uint64_t offset, const char *format, ...)
{
    if (pdf->failed)
        return;
    pdf->failed = true;
    struct pdf_result *result = pdf->result;
    result->error_offset = pdf->base + offset;
    va_list args;
    va_start(args, format);
    vsnprintf(result->error, PDF_ERROR_MAX - 32, format, args);
    va_end(args);
    size_t n = strlen(result->error);
    snprintf(result->error + n, PDF_ERROR_MAX - n, " (byte %llu)", (unsigned long long)result->error_offset);
}

bool pdf_charge(struct pdf *pdf, uint64_t n)
{
    if (pdf->limits.work < n) {
        pdf->limits.work = 0;
        return pdf_fail(pdf, 0, "the file takes more work than is allowed");
    }
    pdf->limits.work -= n;
    return true;
}

static bool memory_fits(struct pdf *pdf, size_t n)
{
    if (n <= pdf->limits.memory_bytes && pdf->memory_used <= pdf->limits.memory_bytes - n)
        return true;
    return pdf_fail(pdf, 0, "out of memory: more than %zu bytes are needed", pdf->limits.memory_bytes);
}

static void block_link(struct pdf *pdf, struct pdf_block *block)
{
    block->prev = NULL;
    block->next = pdf->blocks;
    if (pdf->blocks)
        pdf->blocks->prev = block;
    pdf->blocks = block;
    pdf->memory_used += block->bytes;
}

static void block_unlink(struct pdf *pdf, struct pdf_block *block)
{
    if (block->prev)
        block->prev->next = block->next;
    else
        pdf->blocks = block->next;
    if (block->next)
        block->next->prev = block->prev;
    pdf->memory_used -= block->bytes;
}

void *pdf_block_alloc(struct pdf *pdf, size_t n)
{
    return pdf_block_grow(pdf, NULL, n);
}

void *pdf_block_grow(struct pdf *pdf, void *old, size_t n)
{
    struct pdf_block *block = old ? (struct pdf_block *)old - 1 : NULL;
    size_t had = block ? block->bytes : 0;
    if (n > SIZE_MAX / 2 || pdf->failed)
        return NULL;
    n += sizeof *block;
    if (n > had && !memory_fits(pdf, n - had))
        return NULL;
    if (block)
        block_unlink(pdf, block);
    struct pdf_block *grown = realloc(block, n);
    if (grown)
        grown->bytes = n;
    else
        pdf_error_set(pdf, 0, "out of memory");
    struct pdf_block *kept = grown ? grown : block;
    if (kept)
        block_link(pdf, kept);
    return grown ? grown + 1 : NULL;
}

void pdf_block_free(struct pdf *pdf, void *memory)
{
    if (!memory)
        return;
    struct pdf_block *block = (struct pdf_block *)memory - 1;
    block_unlink(pdf, block);
    free(block);
}

void pdf_block_free_all(struct pdf *pdf)
{
    while (pdf->blocks)
        pdf_block_free(pdf, pdf->blocks + 1);
}

void *pdf_arena_alloc(struct pdf *pdf, struct pdf_arena *arena, size_t n)
{
    if (n > SIZE_MAX / 4)
        return NULL;
    n = ALIGN_UP(n);
    struct pdf_chunk *chunk = arena->chunk;
    if (!chunk || chunk->room - chunk->used < n) {
        size_t room = n > CHUNK_BYTES / 4 ? n : CHUNK_BYTES - sizeof *chunk - sizeof(struct pdf_block);
        chunk = pdf_block_alloc(pdf, sizeof *chunk + room);
        if (!chunk)
            return NULL;
        *chunk = (struct pdf_chunk){.next = arena->chunk, .room = room};
        arena->chunk = chunk;
    }
    void *memory = (uint8_t *)(chunk + 1) + chunk->used;
    chunk->used += n;
    return memset(memory, 0, n);
}

void pdf_arena_reset(struct pdf *pdf, struct pdf_arena *arena)
{
    while (arena->chunk && arena->chunk->next) {
        struct pdf_chunk *chunk = arena->chunk;
        arena->chunk = chunk->next;
        pdf_block_free(pdf, chunk);
    }
    if (arena->chunk)
        arena->chunk->used = 0;
}

bool pdf_buffer_reserve(struct pdf *pdf, struct pdf_buffer *buffer, size_t extra)
{
    if (buffer->room - buffer->n >= extra)
        return true;
    if (extra > pdf->limits.stream_bytes || buffer->n > pdf->limits.stream_bytes - extra)
        return pdf_fail(pdf, 0, "a stream or text grows beyond %zu bytes", pdf->limits.stream_bytes);
    size_t room = buffer->room * 2;
    if (room < buffer->n + extra)
        room = buffer->n + extra;
    if (room < 512)
        room = 512;
    uint8_t *bytes = pdf_block_grow(pdf, buffer->bytes, room);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->room = room;
    return true;
}

bool pdf_buffer_add(struct pdf *pdf, struct pdf_buffer *buffer, const void *bytes, size_t n)
{
    if (!pdf_buffer_reserve(pdf, buffer, n))
        return false;
    if (n > 0)
        memcpy(buffer->bytes + buffer->n, bytes, n);
    buffer->n += n;
    return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * fetch.c: indirect objects (7.3.10), from the file or out of an object stream (7.5.7).  An object is parsed when
 * it is first asked for and then kept; object streams are decoded once and kept too.  While an object is being
 * read it is busy, so one that needs itself ends in an error and not in a loop.
 */
#include "pdf_internal.h"
#include <string.h>

struct pdf_packed {
    struct pdf_packed *next;
    uint64_t number;
    uint64_t offset;
    const uint8_t *bytes; /* from /First on */
    size_t n;
    uint32_t count;
    struct {
        uint64_t number, offset;
    } * objects;
};

static const struct pdf_value null_value = {.kind = PDF_NULL};

/* Where the data of a stream ends whose length is not what /Length says: before the next endstream. */
static bool stream_end_search(struct pdf *pdf, const uint8_t *data, uint64_t offset, size_t *n)
{
    size_t left = (size_t)(pdf->bytes + pdf->n - data);
    const uint8_t *end = memmem(data, left, "endstream", 9);
    if (!pdf_charge(pdf, end ? (uint64_t)(end - data) : left))
        return false;
    if (!end)
        return pdf_fail(pdf, offset, "the stream that starts here has no end");
    if (end > data && end[-1] == '\n')
        end--;
    if (end > data && end[-1] == '\r')
        end--;
    *n = (size_t)(end - data);
    return true;
}

static bool stream_end_is_at(struct pdf *pdf, const uint8_t *data, int64_t length)
{
    if (length < 0 || length > pdf->bytes + pdf->n - data)
        return false;
    struct pdf_lex lex = pdf_lex_file(pdf, (uint64_t)(data - pdf->bytes + length));
    pdf_lex_skip_blanks(&lex);
    return lex.end - lex.at >= 9 && memcmp(lex.at, "endstream", 9) == 0;
}

/* lex is behind the word stream; makes a stream of the dictionary in value. */
static bool stream_attach(struct pdf_lex *lex, struct pdf_value *value)
{
    struct pdf *pdf = lex->pdf;
    const uint8_t *data = lex->at;
    if (data < lex->end && *data == '\r')
        data++;
    if (data < lex->end && *data == '\n')
        data++;
    int64_t length = pdf_integer(pdf_get(pdf, value->dict, "Length"), -1);
    size_t n = (size_t)length;
    if (pdf->failed)
        return false;
    if (!stream_end_is_at(pdf, data, length) && !stream_end_search(pdf, data, pdf_lex_offset(lex), &n))
        return false;
    struct pdf_dict *stream = pdf_arena_alloc(pdf, &pdf->arena, sizeof *stream);
    if (!stream)
        return false;
    *stream = *value->dict;
    stream->raw = data;
    stream->raw_bytes = n;
    *value = (struct pdf_value){.kind = PDF_STREAM, .dict = stream};
    return true;
}

bool pdf_fetch_at(struct pdf *pdf, uint64_t offset, uint64_t *number, struct pdf_value *out)
{
    struct pdf_value id, generation, word;
    if (offset >= pdf->n)
        return pdf_fail(pdf, offset, "an object should be here, behind the end of the file");
    struct pdf_lex lex = pdf_lex_file(pdf, offset);
    if (!pdf_lex_next(&lex, &id) || !pdf_lex_next(&lex, &generation) || !pdf_lex_next(&lex, &word))
        return false;
    if (id.kind != PDF_INTEGER || generation.kind != PDF_INTEGER || !pdf_is(word, "obj"))
        return pdf_fail(pdf, offset, "no object starts here, where the cross-reference says");
    *number = (uint64_t)id.integer;
    if (!pdf_parse(&lex, out))
        return false;
    if (out->kind == PDF_END)
        return pdf_fail(pdf, offset, "the file ends within this object");
    if (out->kind == PDF_WORD)
        *out = null_value; /* endobj: nothing was in it */
    if (out->kind != PDF_DICT)
        return true;
    pdf_lex_skip_blanks(&lex);
    if (lex.end - lex.at < 6 || memcmp(lex.at, "stream", 6) != 0)
        return true;
    lex.at += 6;
    return stream_attach(&lex, out);
}

/* The pairs of number and offset at the front of an object stream. */
static bool packed_index(struct pdf *pdf, struct pdf_packed *packed, const struct pdf_bytes *bytes, int64_t count)
{
    struct pdf_lex lex = pdf_lex_decoded(pdf, &pdf->arena, bytes->bytes, bytes->n, packed->offset);
    packed->objects = pdf_arena_alloc(pdf, &pdf->arena, (size_t)count * sizeof *packed->objects);
    if (!packed->objects)
        return false;
    for (packed->count = 0; packed->count < count; packed->count++) {
        struct pdf_value number, offset;
        if (!pdf_lex_next(&lex, &number) || !pdf_lex_next(&lex, &offset))
            return false;
        if (number.kind != PDF_INTEGER || offset.kind != PDF_INTEGER || number.integer < 0 || offset.integer < 0)
            return pdf_fail(pdf, packed->offset, "the index of object stream %llu is damaged",
                            (unsigned long long)packed->number);
        packed->objects[packed->count].number = (uint64_t)number.integer;
        packed->objects[packed->count].offset = (uint64_t)offset.integer;
    }
    return true;
}

static bool packed_load(struct pdf *pdf, struct pdf_packed *packed, const struct pdf_dict *stream)
{
    struct pdf_bytes bytes;
    int64_t first = pdf_integer(pdf_get(pdf, stream, "First"), -1);
    int64_t count = pdf_integer(pdf_get(pdf, stream, "N"), -1);
    if (!pdf_stream_decode(pdf, stream, &bytes))
        return false;
    if (first < 0 || (uint64_t)first > bytes.n || count < 0 || (uint64_t)count > bytes.n)
        return pdf_fail(pdf, stream->offset, "object stream %llu has a wrong /First or /N",
                        (unsigned long long)packed->number);
    packed->bytes = bytes.bytes + first;
    packed->n = bytes.n - (size_t)first;
    return packed_index(pdf, packed, &bytes, count);
}

/* The object stream of that number; NULL after a failure. */
static const struct pdf_packed *packed_get(struct pdf *pdf, uint64_t number)
{
    for (struct pdf_packed *p = pdf->packed; p; p = p->next)
        if (p->number == number)
            return p;
    bool plain = number < pdf->entry_count && pdf->entries[number].type == PDF_ENTRY_FILE;
    struct pdf_value stream = plain ? pdf_fetch(pdf, number) : null_value;
    if (stream.kind != PDF_STREAM) {
        pdf_error_set(pdf, plain ? pdf->entries[number].place : 0,
                      "object %llu is not the object stream that it should be", (unsigned long long)number);
        return NULL;
    }
    struct pdf_packed *packed = pdf_arena_alloc(pdf, &pdf->arena, sizeof *packed);
    if (!packed)
        return NULL;
    packed->number = number;
    packed->offset = stream.dict->offset;
    if (!packed_load(pdf, packed, stream.dict))
        return NULL;
    packed->next = pdf->packed;
    pdf->packed = packed;
    return packed;
}

static bool fetch_packed(struct pdf *pdf, uint64_t number, const struct pdf_entry *entry, struct pdf_value *out)
{
    const struct pdf_packed *packed = packed_get(pdf, entry->place);
    if (!packed)
        return false;
    uint32_t index = entry->index;
    if (index >= packed->count || packed->objects[index].number != number)
        for (index = 0; index < packed->count && packed->objects[index].number != number;)
            index++;
    if (index == packed->count || packed->objects[index].offset > packed->n)
        return pdf_fail(pdf, packed->offset, "object %llu is not in object stream %llu", (unsigned long long)number,
                        (unsigned long long)entry->place);
    size_t offset = (size_t)packed->objects[index].offset;
    struct pdf_lex lex = pdf_lex_decoded(pdf, &pdf->arena, packed->bytes + offset, packed->n - offset, packed->offset);
    if (!pdf_parse(&lex, out))
        return false;
    if (out->kind >= PDF_WORD)
        return pdf_fail(pdf, packed->offset, "object %llu in object stream %llu is damaged", (unsigned long long)number,
                        (unsigned long long)entry->place);
    return true;
}

static bool fetch_plain(struct pdf *pdf, uint64_t number, const struct pdf_entry *entry, struct pdf_value *out)
{
    uint64_t found;
    if (!pdf_fetch_at(pdf, entry->place, &found, out))
        return false;
    if (found != number)
        return pdf_fail(pdf, entry->place, "object %llu is here, but the cross-reference says object %llu",
                        (unsigned long long)found, (unsigned long long)number);
    return true;
}

static struct pdf_value fetch_new(struct pdf *pdf, uint64_t number, struct pdf_entry *entry)
{
    struct pdf_value value;
    if (entry->busy || pdf->fetch_depth >= PDF_FETCH_DEPTH_MAX) {
        pdf_error_set(pdf, entry->place, "object %llu is needed to read itself", (unsigned long long)number);
        return null_value;
    }
    entry->busy = true;
    pdf->fetch_depth++;
    bool ok = entry->type == PDF_ENTRY_FILE ? fetch_plain(pdf, number, entry, &value)
                                            : fetch_packed(pdf, number, entry, &value);
    pdf->fetch_depth--;
    entry->busy = false;
    struct pdf_value *cached = ok ? pdf_arena_alloc(pdf, &pdf->arena, sizeof *cached) : NULL;
    if (!cached)
        return null_value;
    *cached = value;
    entry->cached = cached;
    return value;
}

struct pdf_value pdf_fetch(struct pdf *pdf, uint64_t number)
{
    if (number >= pdf->entry_count || pdf->failed)
        return null_value;
    struct pdf_entry *entry = &pdf->entries[number];
    if (entry->cached)
        return *entry->cached;
    if (entry->type == PDF_ENTRY_FREE || entry->type == PDF_ENTRY_NONE)
        return null_value;
    return fetch_new(pdf, number, entry);
}

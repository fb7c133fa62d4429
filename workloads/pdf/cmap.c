/* SPDX-License-Identifier: MIT */
/*
 * cmap.c: character maps (9.7.5, 9.10.3): which codes a string consists of (codespace ranges), and which text a
 * code stands for (bfchar, bfrange).  A map is a PostScript program; its tokens are like PDF's, and only the
 * operators that list ranges matter.  After loading, ranges are sorted by their first code.
 */
#include "pdf_internal.h"
#include <stdlib.h>
#include <string.h>

static uint32_t code_of(const uint8_t *bytes, size_t n)
{
    uint32_t code = 0;
    for (size_t i = 0; i < n; i++)
        code = code << 8 | bytes[i];
    return code;
}

static bool range_add(struct pdf *pdf, struct pdf_cmap_range **ranges, uint32_t *count, uint32_t *room,
                      struct pdf_cmap_range range)
{
    if (*count == *room) {
        uint32_t more = *room ? *room * 2 : 32;
        struct pdf_cmap_range *grown = pdf_block_grow(pdf, *ranges, more * sizeof *grown);
        if (!grown)
            return false;
        *ranges = grown;
        *room = more;
    }
    range.order = *count;
    (*ranges)[(*count)++] = range;
    return true;
}

static bool text_add(struct pdf *pdf, struct pdf_cmap *cmap, uint32_t low, uint32_t high, struct pdf_value text)
{
    if (text.kind != PDF_STRING || high < low)
        return true;
    struct pdf_cmap_range range = {.low = low, .high = high, .text = text.bytes, .text_bytes = text.count};
    return range_add(pdf, &cmap->ranges, &cmap->range_count, &cmap->range_room, range);
}

/* A code as a string of one to four bytes; false if this is the operator that ends the list. */
static bool code_parse(struct pdf_lex *lex, uint32_t *code, uint32_t *bytes)
{
    struct pdf_value value;
    if (!pdf_parse(lex, &value))
        return false;
    if (value.kind != PDF_STRING || value.count == 0 || value.count > 4) {
        if (value.kind != PDF_WORD)
            pdf_error_set(lex->pdf, pdf_lex_offset(lex), "a character map has no code where one should be");
        return false;
    }
    *code = code_of(value.bytes, value.count);
    *bytes = value.count;
    return true;
}

static bool spaces_parse(struct pdf_lex *lex, struct pdf_cmap *cmap)
{
    struct pdf_cmap_range range = {0};
    while (code_parse(lex, &range.low, &range.bytes) && code_parse(lex, &range.high, &range.bytes))
        if (!range_add(lex->pdf, &cmap->spaces, &cmap->space_count, &cmap->space_room, range))
            return false;
    return !lex->pdf->failed;
}

static bool chars_parse(struct pdf_lex *lex, struct pdf_cmap *cmap)
{
    uint32_t code, bytes;
    struct pdf_value text;
    while (code_parse(lex, &code, &bytes))
        if (!pdf_parse(lex, &text) || !text_add(lex->pdf, cmap, code, code, text))
            return false;
    return !lex->pdf->failed;
}

static bool ranges_parse(struct pdf_lex *lex, struct pdf_cmap *cmap)
{
    uint32_t low, high, bytes;
    struct pdf_value text;
    while (code_parse(lex, &low, &bytes) && code_parse(lex, &high, &bytes)) {
        if (!pdf_parse(lex, &text))
            return false;
        if (text.kind == PDF_ARRAY) {
            for (uint32_t i = 0; i < text.count; i++)
                if (!text_add(lex->pdf, cmap, low + i, low + i, text.items[i]))
                    return false;
        } else if (!text_add(lex->pdf, cmap, low, high, text)) {
            return false;
        }
    }
    return !lex->pdf->failed;
}

static int range_order(const void *left, const void *right)
{
    const struct pdf_cmap_range *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

bool pdf_cmap_load(struct pdf *pdf, const struct pdf_dict *stream, struct pdf_cmap *cmap)
{
    struct pdf_bytes bytes; /* stays: texts may point into it */
    if (!pdf_stream_decode(pdf, stream, &bytes))
        return false;
    struct pdf_lex lex = pdf_lex_decoded(pdf, &pdf->arena, bytes.bytes, bytes.n, stream->offset);
    struct pdf_value token;
    bool ok = pdf_parse(&lex, &token);
    for (; ok && token.kind != PDF_END; ok = ok && pdf_parse(&lex, &token)) {
        if (pdf_is(token, "begincodespacerange"))
            ok = spaces_parse(&lex, cmap);
        else if (pdf_is(token, "beginbfchar"))
            ok = chars_parse(&lex, cmap);
        else if (pdf_is(token, "beginbfrange"))
            ok = ranges_parse(&lex, cmap);
    }
    if (ok && cmap->range_count > 1)
        qsort(cmap->ranges, cmap->range_count, sizeof *cmap->ranges, range_order);
    return ok && pdf_charge(pdf, cmap->range_count);
}

/* Every byte of a code must be within the range of that byte. */
static bool space_holds(const struct pdf_cmap_range *space, uint32_t code)
{
    for (uint32_t shift = 0; shift < 8 * space->bytes; shift += 8) {
        uint32_t byte = code >> shift & 255;
        if (byte < (space->low >> shift & 255) || byte > (space->high >> shift & 255))
            return false;
    }
    return true;
}

uint32_t pdf_cmap_code(const struct pdf_cmap *cmap, const uint8_t *bytes, size_t n, uint32_t *code)
{
    uint32_t fallback = n < 2 ? 1 : 2;
    for (uint32_t length = 1; length <= 4 && length <= n; length++) {
        *code = code_of(bytes, length);
        for (uint32_t i = 0; i < cmap->space_count; i++)
            if (cmap->spaces[i].bytes == length && space_holds(&cmap->spaces[i], *code))
                return length;
    }
    *code = code_of(bytes, fallback);
    return fallback;
}

const struct pdf_cmap_range *pdf_cmap_find(const struct pdf_cmap *cmap, uint32_t code)
{
    uint32_t low = 0, high = cmap->range_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cmap->ranges[middle].low <= code)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && cmap->ranges[low - 1].high >= code ? &cmap->ranges[low - 1] : NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * font.c: what text extraction needs of a font (9.5 to 9.10): how long its codes are, which characters they mean
 * and how wide their glyphs are.
 *
 * Characters: /ToUnicode, if there is one and it knows the code.  Otherwise a simple font's /Encoding with its
 * /Differences, over the encoding that an embedded Type 1 program brings along, over the standard one.  A composite
 * font without /ToUnicode keeps its characters to itself.  Codes of composite fonts are taken as CIDs for widths,
 * as they are under Identity-H.
 */
#include "pdf_internal.h"

static enum pdf_encoding encoding_named(struct pdf_value name)
{
    return pdf_is(name, "WinAnsiEncoding")    ? PDF_WIN_ANSI
           : pdf_is(name, "MacRomanEncoding") ? PDF_MAC_ROMAN
                                              : PDF_STANDARD;
}

static bool base_encoding_load(struct pdf *pdf, struct pdf_font *font, struct pdf_value name)
{
    for (unsigned code = 0; code < 256; code++)
        font->points[code] = pdf_encoding_point(encoding_named(name), (uint8_t)code);
    const struct pdf_dict *descriptor = pdf_get_dict(pdf, font->dict, "FontDescriptor");
    struct pdf_value program = pdf_get(pdf, descriptor, "FontFile");
    if (name.kind == PDF_NAME || program.kind != PDF_STREAM || font->has_unicode)
        return !pdf->failed;
    return pdf_type1_encoding(pdf, program.dict, font->points);
}

static void differences_load(struct pdf *pdf, struct pdf_font *font, struct pdf_value list)
{
    int64_t code = 0;
    for (uint32_t i = 0; list.kind == PDF_ARRAY && i < list.count; i++) {
        struct pdf_value item = pdf_item(pdf, list, i);
        if (item.kind == PDF_INTEGER) {
            code = item.integer;
        } else if (item.kind == PDF_NAME) {
            if (code >= 0 && code < 256)
                font->points[code] = pdf_glyph_points(item.bytes, item.count);
            code++;
        }
    }
}

static bool simple_load(struct pdf *pdf, struct pdf_font *font)
{
    struct pdf_value encoding = pdf_get(pdf, font->dict, "Encoding");
    const struct pdf_dict *dict = pdf_dict_of(encoding);
    if (!base_encoding_load(pdf, font, dict ? pdf_get(pdf, dict, "BaseEncoding") : encoding))
        return false;
    differences_load(pdf, font, pdf_get(pdf, dict, "Differences"));
    struct pdf_value widths = pdf_get(pdf, font->dict, "Widths");
    const struct pdf_dict *descriptor = pdf_get_dict(pdf, font->dict, "FontDescriptor");
    font->width_default = (float)pdf_number(pdf_get(pdf, descriptor, "MissingWidth"), 0);
    for (unsigned code = 0; code < 256; code++)
        font->widths[code] = font->width_default;
    if (widths.kind != PDF_ARRAY)
        pdf_font_widths_standard(font, pdf_get(pdf, font->dict, "BaseFont"));
    int64_t first = pdf_integer(pdf_get(pdf, font->dict, "FirstChar"), 0);
    for (int64_t i = 0; widths.kind == PDF_ARRAY && i < widths.count && first >= 0 && first + i < 256; i++)
        font->widths[first + i] = (float)pdf_number(pdf_item(pdf, widths, (uint32_t)i), 0);
    if (pdf_is(pdf_get(pdf, font->dict, "Subtype"), "Type3"))
        font->scale = pdf_number(pdf_item(pdf, pdf_get(pdf, font->dict, "FontMatrix"), 0), 0.001);
    return !pdf->failed;
}

static bool cid_width_add(struct pdf *pdf, struct pdf_font *font, int64_t low, int64_t high, double width)
{
    if (low < 0 || high < low || high > UINT32_MAX)
        return true;
    if (font->cid_count == font->cid_room) {
        uint32_t room = font->cid_room ? font->cid_room * 2 : 64;
        struct pdf_cid_width *grown = pdf_block_grow(pdf, font->cid_widths, room * sizeof *grown);
        if (!grown)
            return false;
        font->cid_widths = grown;
        font->cid_room = room;
    }
    font->cid_widths[font->cid_count++] = (struct pdf_cid_width){(uint32_t)low, (uint32_t)high, (float)width};
    return true;
}

/* /W: "FIRST [WIDTH ...]" and "FIRST LAST WIDTH", in rising order as the producers write it. */
static bool cid_widths_load(struct pdf *pdf, struct pdf_font *font, struct pdf_value list)
{
    for (uint32_t i = 0; list.kind == PDF_ARRAY && i + 1 < list.count;) {
        int64_t first = pdf_integer(pdf_item(pdf, list, i), -1);
        struct pdf_value next = pdf_item(pdf, list, i + 1);
        if (next.kind == PDF_ARRAY) {
            for (uint32_t k = 0; k < next.count; k++)
                if (!cid_width_add(pdf, font, first + k, first + k, pdf_number(pdf_item(pdf, next, k), 0)))
                    return false;
            i += 2;
        } else {
            if (!cid_width_add(pdf, font, first, pdf_integer(next, -1), pdf_number(pdf_item(pdf, list, i + 2), 0)))
                return false;
            i += 3;
        }
    }
    return !pdf->failed && pdf_charge(pdf, font->cid_count);
}

static bool composite_load(struct pdf *pdf, struct pdf_font *font)
{
    struct pdf_value encoding = pdf_get(pdf, font->dict, "Encoding");
    struct pdf_value below = pdf_item(pdf, pdf_get(pdf, font->dict, "DescendantFonts"), 0);
    if (!pdf_dict_of(below))
        return pdf_fail(pdf, font->dict->offset, "a composite font has no descendant");
    if (encoding.kind == PDF_STREAM) {
        if (!pdf_cmap_load(pdf, encoding.dict, &font->codes))
            return false;
    } else if (!pdf_is(encoding, "Identity-H") && !pdf_is(encoding, "Identity-V")) {
        font->codes = font->unicode; /* a map known by name only: take the codes that ToUnicode lists */
    }
    font->width_default = (float)pdf_number(pdf_get(pdf, below.dict, "DW"), 1000);
    return cid_widths_load(pdf, font, pdf_get(pdf, below.dict, "W"));
}

static bool font_load(struct pdf *pdf, struct pdf_font *font)
{
    struct pdf_value unicode = pdf_get(pdf, font->dict, "ToUnicode");
    font->scale = 0.001;
    font->composite = pdf_is(pdf_get(pdf, font->dict, "Subtype"), "Type0");
    font->has_unicode = unicode.kind == PDF_STREAM;
    if (font->has_unicode && !pdf_cmap_load(pdf, unicode.dict, &font->unicode))
        return false;
    return font->composite ? composite_load(pdf, font) : simple_load(pdf, font);
}

const struct pdf_font *pdf_font_get(struct pdf *pdf, const struct pdf_dict *dict)
{
    for (const struct pdf_font *font = pdf->fonts; font; font = font->next)
        if (font->dict == dict)
            return font;
    struct pdf_font *font = pdf_arena_alloc(pdf, &pdf->arena, sizeof *font);
    if (!font)
        return NULL;
    font->dict = dict;
    if (!font_load(pdf, font))
        return NULL;
    font->next = pdf->fonts;
    pdf->fonts = font;
    return font;
}

float pdf_font_width(const struct pdf_font *font, uint32_t code)
{
    if (!font->composite)
        return font->widths[code & 255];
    uint32_t low = 0, high = font->cid_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (font->cid_widths[middle].high < code)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < font->cid_count && font->cid_widths[low].low <= code;
    return found ? font->cid_widths[low].width : font->width_default;
}

/* SPDX-License-Identifier: MIT */
/*
 * xref_stream.c: a cross-reference section that is a stream (7.5.8): rows of three big-endian fields, whose widths
 * /W gives, for the ranges of objects that /Index gives.  Its dictionary is the section's trailer.
 */
#include "pdf_internal.h"

struct rows {
    unsigned width[3];
    unsigned row;
    const uint8_t *at, *end;
    uint64_t offset; /* of the stream, for messages */
    unsigned section;
    bool over_free;
};

static uint64_t field_read(const uint8_t *at, unsigned width, uint64_t fallback)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value = value << 8 | at[i];
    return width > 0 ? value : fallback;
}

static bool row_read(struct pdf *pdf, struct rows *rows, uint64_t number)
{
    const uint8_t *at = rows->at;
    uint64_t type = field_read(at, rows->width[0], 1);
    uint64_t place = field_read(at + rows->width[0], rows->width[1], 0);
    uint64_t index = field_read(at + rows->width[0] + rows->width[1], rows->width[2], 0);
    struct pdf_entry entry = {.type = PDF_ENTRY_FREE, .section = (uint16_t)rows->section, .place = place};
    rows->at += rows->row;
    if (type == 1)
        entry.type = PDF_ENTRY_FILE;
    else if (type == 2)
        entry.type = PDF_ENTRY_PACKED, entry.index = (uint32_t)index;
    return pdf_xref_set(pdf, number, entry, rows->over_free);
}

static bool range_read(struct pdf *pdf, struct rows *rows, int64_t first, int64_t count)
{
    if (first < 0 || count < 0 || first > PDF_OBJECTS_MAX || count > PDF_OBJECTS_MAX)
        return pdf_fail(pdf, rows->offset, "the /Index of a cross-reference stream makes no sense");
    for (int64_t i = 0; i < count; i++) {
        if ((size_t)(rows->end - rows->at) < rows->row)
            return pdf_fail(pdf, rows->offset, "a cross-reference stream has fewer rows than its /Index says");
        if (!row_read(pdf, rows, (uint64_t)(first + i)))
            return false;
    }
    return true;
}

static bool ranges_read(struct pdf *pdf, struct rows *rows, const struct pdf_dict *dict)
{
    struct pdf_value index = pdf_get(pdf, dict, "Index");
    if (index.kind != PDF_ARRAY)
        return range_read(pdf, rows, 0, pdf_integer(pdf_get(pdf, dict, "Size"), -1));
    for (uint32_t i = 0; i + 1 < index.count; i += 2)
        if (!range_read(pdf, rows, pdf_integer(pdf_item(pdf, index, i), -1),
                        pdf_integer(pdf_item(pdf, index, i + 1), -1)))
            return false;
    return true;
}

static bool widths_read(struct pdf *pdf, struct rows *rows, const struct pdf_dict *dict)
{
    struct pdf_value widths = pdf_get(pdf, dict, "W");
    for (uint32_t i = 0; i < 3; i++) {
        int64_t width = pdf_integer(pdf_item(pdf, widths, i), -1);
        if (width < 0 || width > 8)
            return pdf_fail(pdf, rows->offset, "the /W of a cross-reference stream makes no sense");
        rows->width[i] = (unsigned)width;
        rows->row += (unsigned)width;
    }
    return rows->row > 0 || pdf_fail(pdf, rows->offset, "the rows of a cross-reference stream are empty");
}

bool pdf_xref_stream(struct pdf *pdf, uint64_t offset, unsigned section, bool over_free,
                     const struct pdf_dict **trailer)
{
    struct rows rows = {.offset = offset, .section = section, .over_free = over_free};
    struct pdf_value value;
    struct pdf_bytes bytes;
    uint64_t number;
    if (!pdf_fetch_at(pdf, offset, &number, &value))
        return false;
    if (value.kind != PDF_STREAM || !pdf_is(pdf_get(pdf, value.dict, "Type"), "XRef"))
        return pdf_fail(pdf, offset, "object %llu is not the cross-reference stream that should be here",
                        (unsigned long long)number);
    if (!widths_read(pdf, &rows, value.dict) || !pdf_stream_decode(pdf, value.dict, &bytes))
        return false;
    rows.at = bytes.bytes;
    rows.end = bytes.bytes + bytes.n;
    bool ok = ranges_read(pdf, &rows, value.dict);
    pdf_bytes_free(pdf, &bytes);
    *trailer = value.dict;
    return ok && !pdf->failed;
}

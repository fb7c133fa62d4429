/* SPDX-License-Identifier: MIT */
/*
 * predict.c: undoes what was done to the rows of a table or picture to make them compress better (7.4.4.4): PNG's
 * filters, one chosen for each row by a byte before it, and TIFF's differences between neighbours.
 */
#include "pdf_internal.h"
#include <stdlib.h>

struct shape {
    size_t row;   /* bytes of a row */
    size_t pixel; /* bytes of a pixel, at least one */
    unsigned colors, bits;
    uint64_t columns;
};

static bool shape_read(struct pdf_filter *f, struct shape *shape)
{
    int64_t colors = pdf_integer(pdf_get(f->pdf, f->parms, "Colors"), 1);
    int64_t bits = pdf_integer(pdf_get(f->pdf, f->parms, "BitsPerComponent"), 8);
    int64_t columns = pdf_integer(pdf_get(f->pdf, f->parms, "Columns"), 1);
    if (colors < 1 || colors > 32 || columns < 1 || columns > (1 << 24) ||
        (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16))
        return pdf_fail(f->pdf, f->offset, "a predictor's parameters make no sense");
    shape->colors = (unsigned)colors;
    shape->bits = (unsigned)bits;
    shape->columns = (uint64_t)columns;
    shape->row = (size_t)((shape->columns * shape->colors * shape->bits + 7) / 8);
    shape->pixel = (shape->colors * shape->bits + 7) / 8;
    return true;
}

/* The one of left, up and corner that is nearest to left + up - corner. */
static uint8_t paeth(int left, int up, int corner)
{
    int to_left = abs(up - corner), to_up = abs(left - corner), to_corner = abs(left + up - 2 * corner);
    if (to_left <= to_up && to_left <= to_corner)
        return (uint8_t)left;
    return (uint8_t)(to_up <= to_corner ? up : corner);
}

/* row: n bytes, in place; above: the row before, or NULL. */
static void png_row(uint8_t kind, uint8_t *row, const uint8_t *above, size_t n, size_t pixel)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t left = i >= pixel ? row[i - pixel] : 0;
        uint8_t up = above ? above[i] : 0;
        uint8_t corner = above && i >= pixel ? above[i - pixel] : 0;
        if (kind == 1)
            row[i] = (uint8_t)(row[i] + left);
        else if (kind == 2)
            row[i] = (uint8_t)(row[i] + up);
        else if (kind == 3)
            row[i] = (uint8_t)(row[i] + (left + up) / 2);
        else if (kind == 4)
            row[i] = (uint8_t)(row[i] + paeth(left, up, corner));
    }
}

static bool png_undo(struct pdf_filter *f, const struct shape *shape)
{
    uint8_t *bytes = f->out->bytes, *above = NULL;
    size_t from = 0, to = 0;
    while (from < f->out->n) {
        uint8_t kind = bytes[from++];
        size_t n = f->out->n - from < shape->row ? f->out->n - from : shape->row;
        if (kind > 4)
            return pdf_fail(f->pdf, f->offset, "row %zu has the unknown PNG filter %u", from / (shape->row + 1), kind);
        for (size_t i = 0; i < n; i++)
            bytes[to + i] = bytes[from + i];
        png_row(kind, bytes + to, above, n, shape->pixel);
        above = bytes + to;
        from += n;
        to += n;
    }
    f->out->n = to;
    return true;
}

static unsigned sample_get(const uint8_t *row, size_t index, unsigned bits)
{
    if (bits == 16)
        return (unsigned)row[2 * index] << 8 | row[2 * index + 1];
    size_t bit = index * bits;
    return row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
}

static void sample_put(uint8_t *row, size_t index, unsigned bits, unsigned value)
{
    if (bits == 16) {
        row[2 * index] = (uint8_t)(value >> 8);
        row[2 * index + 1] = (uint8_t)value;
        return;
    }
    size_t bit = index * bits;
    unsigned shift = (unsigned)(8 - bits - bit % 8), mask = ((1u << bits) - 1) << shift;
    row[bit / 8] = (uint8_t)((row[bit / 8] & ~mask) | (value << shift & mask));
}

static void tiff_undo(struct pdf_filter *f, const struct shape *shape)
{
    for (size_t at = 0; f->out->n - at >= shape->row; at += shape->row) {
        uint8_t *row = f->out->bytes + at;
        for (size_t i = shape->colors; i < shape->columns * shape->colors; i++) {
            unsigned left = sample_get(row, i - shape->colors, shape->bits);
            sample_put(row, i, shape->bits, left + sample_get(row, i, shape->bits));
        }
    }
}

bool pdf_predict(struct pdf_filter *f)
{
    struct shape shape;
    int64_t predictor = pdf_integer(pdf_get(f->pdf, f->parms, "Predictor"), 1);
    if (predictor == 1 || f->pdf->failed)
        return !f->pdf->failed;
    if (predictor != 2 && (predictor < 10 || predictor > 15))
        return pdf_fail(f->pdf, f->offset, "predictor %lld is unknown", (long long)predictor);
    if (!shape_read(f, &shape))
        return false;
    if (predictor >= 10)
        return png_undo(f, &shape);
    tiff_undo(f, &shape);
    return true;
}

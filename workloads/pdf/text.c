/* SPDX-License-Identifier: MIT */
/*
 * text.c: the extracted text as UTF-8.  A file places glyphs, not words, so blanks and line ends are read from the
 * distances between them, measured along and across the direction of writing in units of the font's size.
 */
#include "pdf_internal.h"
#include <math.h>

#define BLANK_GAP 0.15  /* wider than any kerning, narrower than a blank between words */
#define BACK_STEP 1.0   /* further back than an accent goes over its letter */
#define LINE_SHIFT 0.45 /* more than an index or exponent is shifted */
#define TURN 0.98       /* cosine of the angle that still is the same direction */

#define REPLACEMENT 0xfffd

static uint8_t last_byte(const struct pdf_text *text)
{
    return text->out.n > 0 ? text->out.bytes[text->out.n - 1] : '\n';
}

static bool add_blank(struct pdf *pdf, struct pdf_text *text)
{
    uint8_t last = last_byte(text);
    return last == ' ' || last == '\n' || pdf_buffer_add(pdf, &text->out, " ", 1);
}

static bool add_newline(struct pdf *pdf, struct pdf_text *text)
{
    while (text->out.n > 0 && last_byte(text) == ' ')
        text->out.n--;
    return last_byte(text) == '\n' || pdf_buffer_add(pdf, &text->out, "\n", 1);
}

bool pdf_text_place(struct pdf *pdf, struct pdf_text *text, const struct pdf_place *place)
{
    if (!text->started) {
        text->started = true;
        return true;
    }
    double x = place->x - text->x, y = place->y - text->y;
    double along = x * text->dx + y * text->dy, across = fabs(x * text->dy - y * text->dx);
    double size = place->size > text->size ? place->size : text->size;
    bool turned = place->dx * text->dx + place->dy * text->dy < TURN;
    if (turned || across > LINE_SHIFT * size || along < -BACK_STEP * size)
        return add_newline(pdf, text);
    return along <= BLANK_GAP * size || add_blank(pdf, text);
}

void pdf_text_advance(struct pdf_text *text, const struct pdf_place *place)
{
    text->x = place->x;
    text->y = place->y;
    text->dx = place->dx;
    text->dy = place->dy;
    text->size = place->size;
}

bool pdf_text_add_point(struct pdf *pdf, struct pdf_text *text, uint32_t point)
{
    uint8_t bytes[4];
    size_t n = 0;
    if (point == ' ' || point == 0xa0 || point == '\t' || point == '\n' || point == '\r')
        return add_blank(pdf, text);
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))
        return true; /* no character that could be seen */
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        point = REPLACEMENT;
    if (point < 0x80) {
        bytes[n++] = (uint8_t)point;
    } else if (point < 0x800) {
        bytes[n++] = (uint8_t)(0xc0 | point >> 6);
        bytes[n++] = (uint8_t)(0x80 | (point & 63));
    } else {
        if (point >= 0x10000)
            bytes[n++] = (uint8_t)(0xf0 | point >> 18);
        bytes[n++] = (uint8_t)(point >= 0x10000 ? 0x80 | (point >> 12 & 63) : 0xe0 | point >> 12);
        bytes[n++] = (uint8_t)(0x80 | (point >> 6 & 63));
        bytes[n++] = (uint8_t)(0x80 | (point & 63));
    }
    return pdf_charge(pdf, n) && pdf_buffer_add(pdf, &text->out, bytes, n);
}

bool pdf_text_add_points(struct pdf *pdf, struct pdf_text *text, pdf_points points)
{
    if (points == 0)
        return pdf_text_add_point(pdf, text, REPLACEMENT);
    for (; points != 0; points >>= 21)
        if (!pdf_text_add_point(pdf, text, points & 0x1fffff))
            return false;
    return true;
}

bool pdf_text_add_utf16(struct pdf *pdf, struct pdf_text *text, const uint8_t *bytes, size_t n, uint32_t add)
{
    uint32_t high = 0;
    if (n == 1) /* some producers write one byte */
        return pdf_text_add_point(pdf, text, bytes[0] + add);
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t point = (uint32_t)bytes[i] << 8 | bytes[i + 1];
        if (i + 3 >= n)
            point += add; /* the last one counts up through a range */
        if (point >= 0xd800 && point < 0xdc00) {
            high = point;
            continue;
        }
        if (high && point >= 0xdc00 && point < 0xe000)
            point = 0x10000 + ((high - 0xd800) << 10) + (point - 0xdc00);
        high = 0;
        if (!pdf_text_add_point(pdf, text, point))
            return false;
    }
    return true;
}

bool pdf_text_add_string(struct pdf *pdf, struct pdf_text *text, struct pdf_value string)
{
    if (string.count >= 2 && string.bytes[0] == 0xfe && string.bytes[1] == 0xff)
        return pdf_text_add_utf16(pdf, text, string.bytes + 2, string.count - 2, 0);
    for (uint32_t i = 0; i < string.count; i++)
        if (!pdf_text_add_point(pdf, text, string.bytes[i]))
            return false;
    return true;
}

bool pdf_text_finish(struct pdf *pdf, struct pdf_text *text)
{
    return add_newline(pdf, text);
}

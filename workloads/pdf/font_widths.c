/* SPDX-License-Identifier: MIT */
/*
 * font_widths.c: advance widths of the fonts that a file of PDF 1.4 may use without describing them: Helvetica,
 * Times and Courier in their upright cut, ASCII only.  Bold and slanted cuts take the same figures: they decide
 * nothing but whether a gap is wide enough for a blank.
 */
#include "pdf_internal.h"
#include <string.h>

#define FIRST 32
#define COUNT 95
#define COURIER_WIDTH 600

static const uint16_t helvetica[COUNT] = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};
static const uint16_t times[COUNT] = {250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278,
                                      500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
                                      921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722,
                                      556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
                                      333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
                                      500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541};

void pdf_font_widths_standard(struct pdf_font *font, struct pdf_value name)
{
    bool named = name.kind == PDF_NAME;
    bool courier = named && name.count >= 7 && memcmp(name.bytes, "Courier", 7) == 0;
    bool serif = named && name.count >= 5 && memcmp(name.bytes, "Times", 5) == 0;
    for (unsigned code = 0; code < 256; code++) {
        unsigned letter = code >= FIRST && code < FIRST + COUNT ? code : 'n';
        uint16_t width = serif ? times[letter - FIRST] : helvetica[letter - FIRST];
        font->widths[code] = courier ? COURIER_WIDTH : width;
    }
}

/* SPDX-License-Identifier: MIT */
/*
 * show.c: the text operators (9.3, 9.4).  A string is placed with the text matrix and the current transformation
 * matrix, its codes go to the extracted text, and the text matrix moves over its glyphs.  Spacing between letters
 * counts as part of them, so spaced-out words stay words.
 */
#include "content.h"
#include <math.h>

/* Where and how large glyphs are drawn now. */
static struct pdf_place place_now(const struct pdf_run *run)
{
    struct pdf_matrix m = pdf_matrix_multiply(run->glyph, run->state.ctm);
    double length = sqrt(m.a * m.a + m.b * m.b);
    struct pdf_place place = {.x = m.e, .y = m.f, .dx = 1};
    place.size = fabs(run->state.size) * sqrt(m.c * m.c + m.d * m.d);
    if (length > 0) {
        place.dx = m.a / length;
        place.dy = m.b / length;
    }
    return place;
}

/* Moves on by width, in text space. */
static void glyph_advance(struct pdf_run *run, double width)
{
    run->glyph.e += width * run->glyph.a;
    run->glyph.f += width * run->glyph.b;
}

static bool code_emit(struct pdf_run *run, const struct pdf_font *font, uint32_t code)
{
    struct pdf *pdf = run->pdf;
    const struct pdf_cmap_range *range = font->has_unicode ? pdf_cmap_find(&font->unicode, code) : NULL;
    if (run->actual_depth > 0)
        return true;
    if (range)
        return pdf_text_add_utf16(pdf, run->text, range->text, range->text_bytes, code - range->low);
    return pdf_text_add_points(pdf, run->text, font->composite ? 0 : font->points[code & 255]);
}

/* Puts what separates the string from the text before it, and once the text that replaces it, if there is one. */
static bool string_start(struct pdf_run *run)
{
    struct pdf_place place = place_now(run);
    if (run->actual_depth > 0 && !run->actual_pending)
        return true;
    if (!pdf_text_place(run->pdf, run->text, &place))
        return false;
    bool replaced = run->actual_pending;
    run->actual_pending = false;
    return !replaced || pdf_text_add_string(run->pdf, run->text, run->actual);
}

static bool string_show(struct pdf_run *run, struct pdf_value string)
{
    const struct pdf_state *state = &run->state;
    const struct pdf_font *font = state->font;
    if (!font || string.kind != PDF_STRING || string.count == 0)
        return true;
    if (!string_start(run))
        return false;
    for (uint32_t i = 0; i < string.count;) {
        uint32_t code = string.bytes[i], bytes = 1;
        if (font->composite)
            bytes = pdf_cmap_code(&font->codes, string.bytes + i, string.count - i, &code);
        i += bytes;
        if (!pdf_charge(run->pdf, 16) || !code_emit(run, font, code))
            return false;
        double width = pdf_font_width(font, code) * font->scale * state->size + state->char_space;
        width += bytes == 1 && code == ' ' ? state->word_space : 0;
        glyph_advance(run, width * state->stretch);
    }
    struct pdf_place end = place_now(run);
    pdf_text_advance(run->text, &end);
    return true;
}

static bool array_show(struct pdf_run *run, struct pdf_value array)
{
    for (uint32_t i = 0; array.kind == PDF_ARRAY && i < array.count; i++) {
        struct pdf_value item = array.items[i];
        if (item.kind != PDF_STRING)
            glyph_advance(run, -pdf_number(item, 0) / 1000 * run->state.size * run->state.stretch);
        else if (!string_show(run, item))
            return false;
    }
    return true;
}

static void line_move(struct pdf_run *run, double x, double y)
{
    struct pdf_matrix move = {1, 0, 0, 1, x, y};
    run->line = run->glyph = pdf_matrix_multiply(move, run->line);
}

static void line_next(struct pdf_run *run)
{
    line_move(run, 0, -run->state.leading);
}

static bool font_select(struct pdf_run *run)
{
    struct pdf_value font = pdf_run_resource(run, "Font", run->operands[0]);
    run->state.size = pdf_number(run->operands[1], 0);
    run->state.font = pdf_font_get(run->pdf, pdf_dict_of(font));
    return run->state.font != NULL;
}

static void matrix_set(struct pdf_run *run)
{
    run->line = run->glyph =
        (struct pdf_matrix){pdf_run_number(run, 0), pdf_run_number(run, 1), pdf_run_number(run, 2),
                            pdf_run_number(run, 3), pdf_run_number(run, 4), pdf_run_number(run, 5)};
}

/* Tc Tw Tz TL: one number each. */
static bool parameter_set(struct pdf_run *run, uint32_t op)
{
    double value = pdf_run_number(run, 0);
    if (op == OP('T', 'c', 0))
        run->state.char_space = value;
    else if (op == OP('T', 'w', 0))
        run->state.word_space = value;
    else if (op == OP('T', 'z', 0))
        run->state.stretch = value / 100;
    else if (op == OP('T', 'L', 0))
        run->state.leading = value;
    return true;
}

bool pdf_show_operator(struct pdf_run *run, uint32_t op)
{
    switch (op) {
    case OP('B', 'T', 0):
        run->line = run->glyph = (struct pdf_matrix){1, 0, 0, 1, 0, 0};
        return true;
    case OP('T', 'f', 0):
        return font_select(run);
    case OP('T', 'D', 0):
        run->state.leading = -pdf_run_number(run, 1);
        line_move(run, pdf_run_number(run, 0), pdf_run_number(run, 1));
        return true;
    case OP('T', 'd', 0):
        line_move(run, pdf_run_number(run, 0), pdf_run_number(run, 1));
        return true;
    case OP('T', 'm', 0):
        matrix_set(run);
        return true;
    case OP('T', '*', 0):
        line_next(run);
        return true;
    case OP('T', 'j', 0):
        return string_show(run, run->operands[0]);
    case OP('T', 'J', 0):
        return array_show(run, run->operands[0]);
    case OP('"', 0, 0):
        run->state.word_space = pdf_run_number(run, 0);
        run->state.char_space = pdf_run_number(run, 1);
        line_next(run);
        return string_show(run, run->operands[2]);
    case OP('\'', 0, 0):
        line_next(run);
        return string_show(run, run->operands[0]);
    default:
        return parameter_set(run, op);
    }
}

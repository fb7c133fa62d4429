/* SPDX-License-Identifier: MIT */
/*
 * content.c: interprets the content of a page (7.8.2) as far as text needs it: the graphics state's stack and
 * matrix, forms, marked content with a replacement text, and the text operators of show.c.  Everything that only
 * paints is skipped, and so is an unknown operator.
 */
#include "content.h"
#include <string.h>

static bool stream_run(struct pdf_run *run, const uint8_t *bytes, size_t n);

struct pdf_matrix pdf_matrix_multiply(struct pdf_matrix m, struct pdf_matrix n)
{
    return (struct pdf_matrix){m.a * n.a + m.b * n.c, m.a * n.b + m.b * n.d,       m.c * n.a + m.d * n.c,
                               m.c * n.b + m.d * n.d, m.e * n.a + m.f * n.c + n.e, m.e * n.b + m.f * n.d + n.f};
}

double pdf_run_number(const struct pdf_run *run, uint32_t index)
{
    return index < run->operand_count ? pdf_number(run->operands[index], 0) : 0;
}

struct pdf_value pdf_run_resource(struct pdf_run *run, const char *category, struct pdf_value name)
{
    const struct pdf_dict *dict = pdf_get_dict(run->pdf, run->resources, category);
    if (name.kind != PDF_NAME)
        dict = NULL;
    return pdf_get_bytes(run->pdf, dict, name.bytes, name.count);
}

static bool state_save(struct pdf_run *run)
{
    if (run->saved_count == RUN_STATES_MAX)
        return pdf_fail(run->pdf, run->offset, "the graphics state is saved more than %u times", RUN_STATES_MAX);
    if (run->saved_count == run->saved_room) {
        uint32_t room = run->saved_room ? run->saved_room * 2 : 16;
        struct pdf_state *grown = pdf_block_grow(run->pdf, run->saved, room * sizeof *grown);
        if (!grown)
            return false;
        run->saved = grown;
        run->saved_room = room;
    }
    run->saved[run->saved_count++] = run->state;
    return true;
}

static void state_restore(struct pdf_run *run)
{
    if (run->saved_count > run->saved_floor)
        run->state = run->saved[--run->saved_count];
}

static void matrix_concatenate(struct pdf_run *run, struct pdf_value array)
{
    double m[6];
    for (uint32_t i = 0; i < 6; i++)
        m[i] = pdf_number(pdf_item(run->pdf, array, i), i == 0 || i == 3);
    run->state.ctm = pdf_matrix_multiply((struct pdf_matrix){m[0], m[1], m[2], m[3], m[4], m[5]}, run->state.ctm);
}

/* The form's own content in its own state; the caller's is as before afterwards. */
static bool form_run(struct pdf_run *run, const struct pdf_dict *form)
{
    struct pdf *pdf = run->pdf;
    struct pdf_run outer = *run;
    struct pdf_bytes bytes;
    if (run->form_depth == PDF_FORM_DEPTH_MAX)
        return pdf_fail(pdf, form->offset, "forms are nested more than %u deep", PDF_FORM_DEPTH_MAX);
    if (!pdf_stream_decode(pdf, form, &bytes))
        return false;
    const struct pdf_dict *resources = pdf_get_dict(pdf, form, "Resources");
    if (resources)
        run->resources = resources;
    matrix_concatenate(run, pdf_get(pdf, form, "Matrix"));
    run->scratch = (struct pdf_arena){0};
    run->saved_floor = run->saved_count;
    run->offset = form->offset;
    run->form_depth++;
    bool ok = stream_run(run, bytes.bytes, bytes.n);
    pdf_bytes_free(pdf, &bytes);
    run->state = outer.state;
    run->resources = outer.resources;
    run->scratch = outer.scratch;
    run->saved_count = outer.saved_count;
    run->saved_floor = outer.saved_floor;
    run->line = outer.line;
    run->glyph = outer.glyph;
    run->offset = outer.offset;
    run->form_depth--;
    return ok;
}

static bool object_do(struct pdf_run *run)
{
    struct pdf_value object = pdf_run_resource(run, "XObject", run->operands[0]);
    if (object.kind != PDF_STREAM || !pdf_is(pdf_get(run->pdf, object.dict, "Subtype"), "Form"))
        return !run->pdf->failed;
    return form_run(run, object.dict);
}

/* BMC, BDC: properties may give the text that what follows stands for. */
static void marked_begin(struct pdf_run *run, bool has_properties)
{
    run->marked_depth++;
    if (!has_properties || run->actual_depth > 0)
        return;
    struct pdf_value properties = run->operands[1];
    if (properties.kind == PDF_NAME)
        properties = pdf_run_resource(run, "Properties", properties);
    struct pdf_value actual = pdf_get(run->pdf, pdf_dict_of(properties), "ActualText");
    if (actual.kind != PDF_STRING)
        return;
    uint8_t *copy = pdf_arena_alloc(run->pdf, &run->pdf->arena, actual.count); /* operands do not last */
    if (!copy)
        return;
    memcpy(copy, actual.bytes, actual.count);
    actual.bytes = copy;
    run->actual = actual;
    run->actual_depth = run->marked_depth;
    run->actual_pending = true;
}

static void marked_end(struct pdf_run *run)
{
    if (run->actual_depth == run->marked_depth)
        run->actual_depth = 0, run->actual_pending = false;
    if (run->marked_depth > 0)
        run->marked_depth--;
}

/* Behind BI: goes past the picture's dictionary and data.  Data end at EI between blanks with text behind it. */
static bool picture_skip(struct pdf_run *run, struct pdf_lex *lex)
{
    struct pdf_value value = {0};
    while (!pdf_is(value, "ID"))
        if (!pdf_parse(lex, &value))
            return false;
        else if (value.kind == PDF_END)
            return pdf_fail(run->pdf, run->offset, "a picture within the content has no data");
    for (const uint8_t *at = lex->at; at < lex->end; at += 2) {
        at = memmem(at, (size_t)(lex->end - at), "EI", 2);
        if (!at)
            break;
        bool ends = pdf_lex_is_blank(at[-1]);
        for (const uint8_t *next = at + 2; ends && next < lex->end && next < at + 6; next++)
            ends =
                (next > at + 2 || pdf_lex_is_blank(*next)) && (pdf_lex_is_blank(*next) || (*next > ' ' && *next < 127));
        if (ends) {
            lex->at = at + 2;
            return true;
        }
    }
    return pdf_fail(run->pdf, run->offset, "a picture within the content has no end");
}

static bool operator_run(struct pdf_run *run, struct pdf_lex *lex, struct pdf_value name)
{
    uint32_t op = 0;
    for (uint32_t i = 0; i < name.count && i < 4; i++)
        op |= (uint32_t)name.bytes[i] << (8 * i);
    if (name.count > 3)
        return true;
    switch (op) {
    case OP('q', 0, 0):
        return state_save(run);
    case OP('Q', 0, 0):
        state_restore(run);
        return true;
    case OP('c', 'm', 0):
        matrix_concatenate(run,
                           (struct pdf_value){.kind = PDF_ARRAY, .count = run->operand_count, .items = run->operands});
        return true;
    case OP('D', 'o', 0):
        return object_do(run);
    case OP('B', 'I', 0):
        return picture_skip(run, lex);
    case OP('B', 'M', 'C'):
    case OP('B', 'D', 'C'):
        marked_begin(run, op == OP('B', 'D', 'C'));
        return !run->pdf->failed;
    case OP('E', 'M', 'C'):
        marked_end(run);
        return true;
    default:
        return pdf_show_operator(run, op);
    }
}

static bool stream_run(struct pdf_run *run, const uint8_t *bytes, size_t n)
{
    struct pdf_lex lex = pdf_lex_decoded(run->pdf, &run->scratch, bytes, n, run->offset);
    struct pdf_value value;
    run->operand_count = 0;
    for (;;) {
        lex.arena = &run->scratch;
        if (!pdf_parse(&lex, &value))
            return false;
        if (value.kind == PDF_END)
            break;
        if (value.kind != PDF_WORD) {
            if (run->operand_count < RUN_OPERANDS_MAX)
                run->operands[run->operand_count++] = value;
            continue;
        }
        for (uint32_t i = run->operand_count; i < 6; i++)
            run->operands[i] = (struct pdf_value){.kind = PDF_NULL};
        if (!operator_run(run, &lex, value))
            return false;
        run->operand_count = 0;
        pdf_arena_reset(run->pdf, &run->scratch);
    }
    pdf_block_free(run->pdf, run->scratch.chunk);
    run->scratch.chunk = NULL;
    return true;
}

/* All parts of a page's /Contents, a newline between them. */
static bool contents_join(struct pdf *pdf, struct pdf_value contents, struct pdf_buffer *joined)
{
    uint32_t parts = contents.kind == PDF_ARRAY ? contents.count : 1;
    for (uint32_t i = 0; i < parts; i++) {
        struct pdf_value part = contents.kind == PDF_ARRAY ? pdf_item(pdf, contents, i) : contents;
        struct pdf_bytes bytes;
        if (part.kind != PDF_STREAM)
            continue;
        if (!pdf_stream_decode(pdf, part.dict, &bytes))
            return false;
        bool ok = pdf_buffer_add(pdf, joined, bytes.bytes, bytes.n) && pdf_buffer_add(pdf, joined, "\n", 1);
        pdf_bytes_free(pdf, &bytes);
        if (!ok)
            return false;
    }
    return !pdf->failed;
}

bool pdf_content_run(struct pdf *pdf, const struct pdf_page *page, struct pdf_text *text)
{
    static const struct pdf_matrix identity = {1, 0, 0, 1, 0, 0};
    struct pdf_buffer content = {0};
    if (!pdf_buffer_reserve(pdf, &content, 1) || !contents_join(pdf, pdf_get(pdf, page->dict, "Contents"), &content))
        return false;
    struct pdf_run run = {.pdf = pdf,
                          .text = text,
                          .resources = page->resources,
                          .state = {.ctm = identity, .stretch = 1},
                          .line = identity,
                          .glyph = identity,
                          .offset = page->dict->offset};
    run.operands = pdf_arena_alloc(pdf, &pdf->arena, RUN_OPERANDS_MAX * sizeof *run.operands);
    if (!run.operands)
        return false;
    bool ok = stream_run(&run, content.bytes, content.n) && pdf_text_finish(pdf, text);
    pdf_block_free(pdf, run.saved);
    pdf_block_free(pdf, content.bytes);
    return ok;
}

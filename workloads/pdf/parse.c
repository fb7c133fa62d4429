/* SPDX-License-Identifier: MIT */
/*
 * parse.c: values from tokens.  The items of arrays and dictionaries gather on one stack, on which a nested one
 * leaves the outer one's items alone, and move to the arena when their number is known.  Recursion is as deep as
 * the nesting of the file, which is limited.
 */
#include "pdf_internal.h"
#include <string.h>

static bool parse_value(struct pdf_lex *lex, unsigned depth, struct pdf_value *out);

static bool stack_push(struct pdf *pdf, struct pdf_value value)
{
    if (pdf->stack_count == pdf->stack_room) {
        uint32_t room = pdf->stack_room ? pdf->stack_room * 2 : 64;
        struct pdf_value *stack = pdf_block_grow(pdf, pdf->stack, room * sizeof *stack);
        if (!stack)
            return false;
        pdf->stack = stack;
        pdf->stack_room = room;
    }
    pdf->stack[pdf->stack_count++] = value;
    return true;
}

/* Pushes values until one of kind end; mark is where the first one lies. */
static bool items_parse(struct pdf_lex *lex, unsigned depth, enum pdf_kind end)
{
    uint64_t offset = pdf_lex_offset(lex);
    struct pdf *pdf = lex->pdf;
    if (depth >= PDF_NESTING_MAX)
        return pdf_fail(pdf, offset, "arrays and dictionaries are nested more than %u deep", PDF_NESTING_MAX);
    for (;;) {
        struct pdf_value item;
        if (!parse_value(lex, depth + 1, &item))
            return false;
        if (item.kind == end)
            return true;
        if (item.kind >= PDF_WORD)
            return pdf_fail(pdf, pdf_lex_offset(lex), "the %s that starts at byte %llu is not closed",
                            end == PDF_ARRAY_END ? "array" : "dictionary", (unsigned long long)(pdf->base + offset));
        if (!stack_push(pdf, item))
            return false;
    }
}

/* Moves the items from mark on to the arena. */
static const struct pdf_value *items_take(struct pdf_lex *lex, uint32_t mark)
{
    struct pdf *pdf = lex->pdf;
    size_t bytes = (pdf->stack_count - mark) * sizeof(struct pdf_value);
    struct pdf_value *items = pdf_arena_alloc(pdf, lex->arena, bytes);
    if (items && bytes > 0)
        memcpy(items, pdf->stack + mark, bytes);
    pdf->stack_count = mark;
    return items;
}

static bool array_parse(struct pdf_lex *lex, unsigned depth, struct pdf_value *out)
{
    uint32_t mark = lex->pdf->stack_count;
    if (!items_parse(lex, depth, PDF_ARRAY_END))
        return false;
    uint32_t count = lex->pdf->stack_count - mark;
    *out = (struct pdf_value){.kind = PDF_ARRAY, .count = count, .items = items_take(lex, mark)};
    return out->items != NULL;
}

static bool dict_parse(struct pdf_lex *lex, unsigned depth, struct pdf_value *out)
{
    struct pdf *pdf = lex->pdf;
    uint64_t offset = pdf_lex_offset(lex);
    uint32_t mark = pdf->stack_count;
    if (!items_parse(lex, depth, PDF_DICT_END))
        return false;
    uint32_t count = pdf->stack_count - mark;
    for (uint32_t i = 0; i < count; i += 2)
        if (pdf->stack[mark + i].kind != PDF_NAME || i + 1 == count)
            return pdf_fail(pdf, offset, "a dictionary is not made of names and values");
    struct pdf_dict *dict = pdf_arena_alloc(pdf, lex->arena, sizeof *dict);
    if (!dict)
        return false;
    *dict = (struct pdf_dict){.count = count / 2, .pairs = items_take(lex, mark), .offset = offset};
    *out = (struct pdf_value){.kind = PDF_DICT, .dict = dict};
    return dict->pairs != NULL;
}

static bool parse_value(struct pdf_lex *lex, unsigned depth, struct pdf_value *out)
{
    if (!pdf_lex_next(lex, out))
        return false;
    if (out->kind == PDF_ARRAY_START)
        return array_parse(lex, depth, out);
    if (out->kind == PDF_DICT_START)
        return dict_parse(lex, depth, out);
    if (out->kind == PDF_INTEGER && out->integer >= 0 && pdf_lex_reference(lex))
        out->kind = PDF_REF;
    return true;
}

bool pdf_parse(struct pdf_lex *lex, struct pdf_value *out)
{
    if (!parse_value(lex, 0, out))
        return false;
    if (out->kind == PDF_ARRAY_END || out->kind == PDF_DICT_END)
        return pdf_fail(lex->pdf, pdf_lex_offset(lex), "a bracket closes nothing");
    return true;
}

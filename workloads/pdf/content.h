/* SPDX-License-Identifier: MIT */
/*
 * content.h: the state of the interpreter of content streams, which content.c (operators, graphics state, forms)
 * and show.c (text operators) share.
 */
#ifndef PDF_CONTENT_H
#define PDF_CONTENT_H

#include "pdf_internal.h"

#define RUN_OPERANDS_MAX 64u
#define RUN_STATES_MAX 256u /* q within q */

/* [ a b 0 ; c d 0 ; e f 1 ], applied to row vectors (8.3.4). */
struct pdf_matrix {
    double a, b, c, d, e, f;
};

struct pdf_state {
    struct pdf_matrix ctm;
    const struct pdf_font *font;
    double size, char_space, word_space, stretch, leading;
};

struct pdf_run {
    struct pdf *pdf;
    struct pdf_text *text;
    const struct pdf_dict *resources;
    struct pdf_arena scratch;   /* operands of the current operator */
    struct pdf_value *operands; /* RUN_OPERANDS_MAX of them */
    uint32_t operand_count;
    struct pdf_state state;
    struct pdf_state *saved;
    uint32_t saved_count, saved_floor, saved_room;
    struct pdf_matrix line, glyph; /* text line matrix and text matrix */
    unsigned form_depth;
    /* marked content: how deep, and where text given by /ActualText replaces what is shown (0: nowhere) */
    uint32_t marked_depth, actual_depth;
    bool actual_pending;
    struct pdf_value actual;
    uint64_t offset; /* of the stream that is being interpreted */
};

/* An operator's name as a number, for switch. */
#define OP(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)

struct pdf_matrix pdf_matrix_multiply(struct pdf_matrix first, struct pdf_matrix second);
/* The operand at index as a number; 0 if it is none. */
double pdf_run_number(const struct pdf_run *run, uint32_t index);
/* The resource with that name of a category. */
struct pdf_value pdf_run_resource(struct pdf_run *run, const char *category, struct pdf_value name);

/* Executes op if it is an operator of text.  False only after a failure. */
bool pdf_show_operator(struct pdf_run *run, uint32_t op);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * lzw.c: LZWDecode (7.4.4).  A code's text is the text of an earlier code and one more byte; both are found in the
 * output itself, because every code was added when its text had just been written there: where it starts and how
 * long it is are all that the table needs.
 */
#include "pdf_internal.h"

#define CLEAR 256u
#define FINISH 257u
#define FIRST 258u
#define CODES 4096u

struct lzw {
    struct pdf_filter *f;
    uint32_t bits, held; /* bits not yet used, the last ones lowest */
    size_t at;
    uint32_t count, width, early;
    size_t start[CODES];
    uint32_t length[CODES];
};

/* The next code, FINISH at the end of the input. */
static uint32_t code_read(struct lzw *lzw)
{
    while (lzw->held < lzw->width) {
        if (lzw->at == lzw->f->n)
            return FINISH;
        lzw->bits = lzw->bits << 8 | lzw->f->bytes[lzw->at++];
        lzw->held += 8;
    }
    lzw->held -= lzw->width;
    return lzw->bits >> lzw->held & ((1u << lzw->width) - 1);
}

static bool code_write(struct lzw *lzw, uint32_t code)
{
    struct pdf_buffer *out = lzw->f->out;
    if (code < CLEAR) {
        uint8_t byte = (uint8_t)code;
        return pdf_buffer_add(lzw->f->pdf, out, &byte, 1);
    }
    uint32_t length = lzw->length[code];
    if (!pdf_buffer_reserve(lzw->f->pdf, out, length))
        return false;
    for (uint32_t i = 0; i < length; i++) /* may overlap what it writes */
        out->bytes[out->n + i] = out->bytes[lzw->start[code] + i];
    out->n += length;
    return true;
}

static void table_clear(struct lzw *lzw)
{
    lzw->count = FIRST;
    lzw->width = 9;
}

/* The text from start on, one byte longer than the last code's, becomes the next code. */
static void table_add(struct lzw *lzw, size_t start, size_t length)
{
    if (lzw->count == CODES)
        return;
    lzw->start[lzw->count] = start;
    lzw->length[lzw->count] = (uint32_t)length;
    lzw->count++;
    while (lzw->width < 12 && lzw->count + lzw->early >= 1u << lzw->width)
        lzw->width++;
}

static bool lzw_run(struct lzw *lzw)
{
    size_t last = 0, last_length = 0; /* text of the code before; length 0 after a clear */
    for (uint32_t code; (code = code_read(lzw)) != FINISH;) {
        if (code == CLEAR) {
            table_clear(lzw);
            last_length = 0;
            continue;
        }
        size_t start = lzw->f->out->n;
        if (last_length > 0)
            table_add(lzw, last, last_length + 1); /* its last byte is the first that is written now */
        if (code >= lzw->count)
            return pdf_fail(lzw->f->pdf, lzw->f->offset, "LZW data is damaged at its byte %zu", lzw->at);
        if (!code_write(lzw, code))
            return false;
        last = start;
        last_length = lzw->f->out->n - start;
    }
    return true;
}

bool pdf_filter_lzw(struct pdf_filter *f)
{
    struct lzw *lzw = pdf_block_alloc(f->pdf, sizeof *lzw);
    if (!lzw)
        return false;
    lzw->f = f;
    lzw->bits = lzw->held = 0;
    lzw->at = 0;
    lzw->early = pdf_integer(pdf_get(f->pdf, f->parms, "EarlyChange"), 1) != 0;
    table_clear(lzw);
    bool ok = lzw_run(lzw);
    pdf_block_free(f->pdf, lzw);
    return ok;
}

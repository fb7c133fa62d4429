/* SPDX-License-Identifier: MIT */
/*
 * pdf.c: the steps of opening a file, in order: header, cross-reference, root, first page, its text.
 */
#include "pdf_internal.h"
#include <stdlib.h>
#include <string.h>

#define HEADER_WITHIN 1024u /* bytes of something else that viewers accept before the header */

static bool version_read(const uint8_t *text, size_t n, struct pdf_result *result)
{
    if (n < 3 || text[0] < '1' || text[0] > '9' || text[1] != '.' || text[2] < '0' || text[2] > '9')
        return false;
    result->version_major = (unsigned)(text[0] - '0');
    result->version_minor = (unsigned)(text[2] - '0');
    return true;
}

/* Offsets in the file count from the header. */
static bool header_read(struct pdf *pdf)
{
    static const char mark[] = "%PDF-";
    size_t n = sizeof mark - 1;
    for (size_t at = 0; at < HEADER_WITHIN && at + n <= pdf->n; at++) {
        if (memcmp(pdf->bytes + at, mark, n) != 0)
            continue;
        pdf->bytes += at;
        pdf->n -= at;
        pdf->base = at;
        if (!version_read(pdf->bytes + n, pdf->n - n, pdf->result))
            return pdf_fail(pdf, n, "the header names no version");
        return pdf->result->version_major == 1 ||
               pdf_fail(pdf, n, "PDF version %u is not supported", pdf->result->version_major);
    }
    return pdf_fail(pdf, 0, "this is no PDF file: there is no %%PDF- header");
}

/* The root may name a later version than the header, which an incremental update cannot change. */
static void version_update(struct pdf *pdf)
{
    struct pdf_result later;
    const struct pdf_dict *root = pdf_get_dict(pdf, pdf->trailer, "Root");
    struct pdf_value name = pdf_get(pdf, root, "Version");
    if (name.kind != PDF_NAME || !version_read(name.bytes, name.count, &later))
        return;
    if (later.version_major == 1 && later.version_minor > pdf->result->version_minor)
        pdf->result->version_minor = later.version_minor;
}

static bool text_take(struct pdf *pdf, const struct pdf_text *text)
{
    char *copy = malloc(text->out.n + 1);
    if (!copy)
        return pdf_fail(pdf, 0, "out of memory");
    if (text->out.n > 0)
        memcpy(copy, text->out.bytes, text->out.n);
    copy[text->out.n] = 0;
    pdf->result->text = copy;
    pdf->result->text_bytes = text->out.n;
    return true;
}

static bool document_read(struct pdf *pdf)
{
    struct pdf_page page;
    struct pdf_text text = {0};
    if (pdf->n > UINT32_MAX)
        return pdf_fail(pdf, 0, "files beyond 4 GiB are not supported");
    if (!header_read(pdf) || !pdf_xref_load(pdf))
        return false;
    if (pdf_get(pdf, pdf->trailer, "Encrypt").kind != PDF_NULL)
        return pdf_fail(pdf, pdf->trailer->offset, "the file is encrypted, says its trailer");
    version_update(pdf);
    return pdf_page_first(pdf, &page, &pdf->result->pages) && pdf_content_run(pdf, &page, &text) &&
           text_take(pdf, &text);
}

bool pdf_read(const uint8_t *bytes, size_t n, const struct pdf_limits *limits, struct pdf_result *result)
{
    struct pdf pdf = {.bytes = bytes, .n = n, .limits = *limits, .result = result};
    memset(result, 0, sizeof *result);
    bool ok = document_read(&pdf);
    pdf_block_free_all(&pdf);
    return ok && !pdf.failed;
}

void pdf_result_free(struct pdf_result *result)
{
    free(result->text);
    result->text = NULL;
    result->text_bytes = 0;
}

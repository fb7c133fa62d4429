/* SPDX-License-Identifier: MIT */
/*
 * type1.c: the encoding that an embedded Type 1 font program defines for itself, for fonts whose dictionary does
 * not say which glyph a code means.  The readable part of the program holds lines "dup CODE /NAME put" between
 * /Encoding and def; they are picked out without understanding the rest of PostScript.
 */
#include "pdf_internal.h"
#include <string.h>

struct scan {
    const uint8_t *at, *end;
};

/* The next run of regular characters, with the '/' before it if there is one. */
static bool scan_word(struct scan *scan, const uint8_t **word, size_t *n)
{
    while (scan->at < scan->end && !pdf_lex_is_regular(*scan->at) && *scan->at != '/')
        scan->at++;
    *word = scan->at;
    if (scan->at < scan->end && *scan->at == '/')
        scan->at++;
    while (scan->at < scan->end && pdf_lex_is_regular(*scan->at))
        scan->at++;
    *n = (size_t)(scan->at - *word);
    return *n > 0;
}

static bool word_is(const uint8_t *word, size_t n, const char *text)
{
    return n == strlen(text) && memcmp(word, text, n) == 0;
}

/* A code from 0 to 255, or -1. */
static int code_read(const uint8_t *word, size_t n)
{
    int code = 0;
    for (size_t i = 0; i < n; i++) {
        if (word[i] < '0' || word[i] > '9' || n > 3)
            return -1;
        code = code * 10 + (word[i] - '0');
    }
    return code < 256 ? code : -1;
}

static void encoding_scan(struct scan *scan, pdf_points *points)
{
    const uint8_t *word, *name;
    size_t n, length;
    while (scan_word(scan, &word, &n) && !word_is(word, n, "def") && !word_is(word, n, "readonly")) {
        if (word_is(word, n, "StandardEncoding")) {
            for (unsigned code = 0; code < 256; code++)
                points[code] = pdf_encoding_point(PDF_STANDARD, (uint8_t)code);
            return;
        }
        if (!word_is(word, n, "dup") || !scan_word(scan, &word, &n) || !scan_word(scan, &name, &length))
            continue;
        int code = code_read(word, n);
        if (code >= 0 && *name == '/')
            points[code] = pdf_glyph_points(name + 1, length - 1);
    }
}

bool pdf_type1_encoding(struct pdf *pdf, const struct pdf_dict *font_file, pdf_points *points)
{
    struct pdf_bytes bytes;
    int64_t clear = pdf_integer(pdf_get(pdf, font_file, "Length1"), 0);
    if (!pdf_stream_decode(pdf, font_file, &bytes))
        return false;
    size_t n = clear > 0 && (uint64_t)clear < bytes.n ? (size_t)clear : bytes.n;
    const uint8_t *from = n > 0 ? memmem(bytes.bytes, n, "/Encoding", 9) : NULL;
    if (from) {
        struct scan scan = {from + 9, bytes.bytes + n};
        encoding_scan(&scan, points);
    }
    pdf_bytes_free(pdf, &bytes);
    return pdf_charge(pdf, n);
}

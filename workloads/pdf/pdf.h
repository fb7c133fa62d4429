/* SPDX-License-Identifier: MIT */
/*
 * pdf.h: what a viewer has to do before it can show the first page of a PDF file: find the cross-reference, the
 * page tree and the first page, inflate its content and extract its text.  PDF 1.4 to 1.7.
 *
 * The bytes may come from anywhere and may be hostile: every read is within them, and depth, memory, the size of
 * a stream and the work in all are limited.  A file that is damaged or encrypted ends in an error that says what
 * is wrong and at which byte; nothing is repaired by guessing, except a stream whose length is wrong.
 */
#ifndef PDF_H
#define PDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PDF_ERROR_MAX 160

struct pdf_limits {
    size_t memory_bytes; /* allocated at any time */
    size_t stream_bytes; /* one stream after decoding */
    uint64_t work;       /* bytes looked at or produced, roughly */
};
#define PDF_LIMITS_DEFAULT                                                                                             \
    {                                                                                                                  \
        32u << 20, 16u << 20, 256u << 20                                                                               \
    }

struct pdf_result {
    unsigned version_major, version_minor;
    uint64_t pages;
    char *text; /* of the first page: UTF-8, lines end in a newline; malloc'd */
    size_t text_bytes;
    char error[PDF_ERROR_MAX]; /* empty, or what was wrong, with the byte offset in it */
    uint64_t error_offset;
};

/* Reads the n bytes and fills result.  True if all went well; otherwise result->error says why not.  Free the
   result with pdf_result_free in both cases.  bytes must not change meanwhile. */
bool pdf_read(const uint8_t *bytes, size_t n, const struct pdf_limits *limits, struct pdf_result *result);
void pdf_result_free(struct pdf_result *result);

#endif

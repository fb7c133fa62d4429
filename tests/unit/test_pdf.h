/* SPDX-License-Identifier: MIT */
/*
 * test_pdf.h: what the files test_pdf*.c share: one file being made, and what reading it must give.
 */
#ifndef TEST_PDF_H
#define TEST_PDF_H

#include "pdf_make.h"
#include "workloads/pdf/pdf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* after the four that it needs */
#include <cmocka.h>

extern struct make pdf_made;

static const char hello[] __attribute__((unused)) = "BT /F 12 Tf 10 10 Td (Hello) Tj ET";

/* The objects of a file of one page with that content. */
void page_made(const char *content);
void expect_text(const char *text);
/* Reading fails with a message that has part in it and names a byte. */
void expect_error(const char *part);
int pdf_stream_tests(void);
int pdf_text_tests(void);

#endif

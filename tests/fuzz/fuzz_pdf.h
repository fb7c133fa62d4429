/* SPDX-License-Identifier: MIT */
/* fuzz_pdf.h: a fuzz target in the form that libFuzzer also calls. */
#ifndef FUZZ_PDF_H
#define FUZZ_PDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads data as a PDF file.  Always 0; stops the process if the reader breaks a promise. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Whether the last input was a file that could be read. */
extern bool fuzz_pdf_was_read;

#endif

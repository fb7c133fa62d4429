# SPDX-License-Identifier: MIT
# The PDF reader of workloads/pdf on the host: unit tests, the fuzzer, and pdf_text, which pdf_compare.py compares
# with other programs.  Run from the root, where the tests look for workloads/pdf/inputs.
PDF_SRCS := $(sort $(wildcard workloads/pdf/*.c))
TEST_PDF_SRCS = tests/unit/test_pdf.c tests/unit/test_pdf_stream.c tests/unit/test_pdf_text.c \
	tests/unit/pdf_make.c $(PDF_SRCS)
TEST_PDF_CFLAGS = -std=c17 -I.
TEST_PDF_LIBS = -lz -lm
FUZZ_PDF_SRCS = tests/fuzz/fuzz_pdf.c tests/fuzz/fuzz_pdf_main.c tests/unit/pdf_make.c $(PDF_SRCS)
FUZZ_PDF_CFLAGS = $(TEST_PDF_CFLAGS)
FUZZ_PDF_LIBS = $(TEST_PDF_LIBS)
PDF_TEXT_SRCS = tests/unit/pdf_text.c $(PDF_SRCS)
PDF_TEXT_CFLAGS = $(TEST_PDF_CFLAGS)
PDF_TEXT_LIBS = $(TEST_PDF_LIBS)

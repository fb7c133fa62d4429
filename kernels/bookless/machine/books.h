/* SPDX-License-Identifier: MIT */
/*
 * books.h: in place of machine/books.h, for images that count nothing: what costs differ by is what keeping books
 * costs. The memory for books is there all the same, so that data lies where it lies in images that keep them.
 */
#ifndef TOLL_BOOKS_H
#define TOLL_BOOKS_H

#ifdef __ASSEMBLER__
/* clang-format off */
.macro BOOK_COUNT number
.endm
/* clang-format on */
#else
#include "wire.h"
#include <stdint.h>

#define BOOKS_KEPT 0u

extern uint64_t books[WIRE_KINDS];

#define BOOK_ADD(book, n) ((void)(n))
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * books.h: how a kernel, and a domain in ring 3, count what they do (enum wire_kind of wire.h): one addition in memory.
 * Everything that keeps books goes through here.  kernels/bookless has the same file for images that keep none.
 */
#ifndef TOLL_BOOKS_H
#define TOLL_BOOKS_H

#ifdef __ASSEMBLER__
/* clang-format off */
/* One more in the kernel's book of that number; changes the flags. */
.macro BOOK_COUNT number
    incq books + 8 * \number(%rip)
.endm
/* clang-format on */
#else
#include "wire.h"
#include <stdint.h>

#define BOOKS_KEPT WIRE_KINDS /* how many there are to be read */

/* The kernel's own books, indexed by enum wire_kind. */
extern uint64_t books[WIRE_KINDS];

/* n more in that book, of these or of a domain's (user.h). */
#define BOOK_ADD(book, n) ((void)((book) += (n)))
#endif
#endif

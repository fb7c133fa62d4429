/* SPDX-License-Identifier: MIT */
/* format.h: printf's commonest conversions: %d %i %u %x %c %s %p %%, the flags 0 and -, a width, a precision for
   %s, and the lengths l, ll, z, h, hh. */
#ifndef TOLL_FORMAT_H
#define TOLL_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Formats into out (size bytes, always terminated if size > 0); the length that the whole text has. */
int format_text_args(char *out, size_t size, const char *format, va_list args);
int format_text(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * console.h: a terminal of bytes.
 */
#ifndef TOLL_CONSOLE_H
#define TOLL_CONSOLE_H

#include "env.h"
#include <stdint.h>

int console_init(void);

/* Sends n bytes of this domain, or of the caller (bytes sent, or -EFAULT if none could be read). */
void console_write(const char *text, uint64_t n);
int64_t console_write_caller(uaddr_t text, uint64_t n);

/* Waits for input and takes up to n bytes of it; 0 when none will ever come.  -EFAULT -EINTR */
int64_t console_read_caller(uaddr_t buffer, uint64_t n);

/* Whether console_read_caller would return at once. */
bool console_readable(void);

/* Calls fn, in interrupt context, when input has come. */
void console_on_input(void (*fn)(void));

#endif

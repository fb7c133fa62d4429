/* SPDX-License-Identifier: MIT */
/*
 * error.c: fills in a struct error.  A text that does not fit is cut.
 */
#include "error.h"
#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum toll_exit code, const char *format, ...)
{
    va_list args;

    error->code = code;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return -1;
}

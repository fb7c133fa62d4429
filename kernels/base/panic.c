/* SPDX-License-Identifier: MIT */
/*
 * panic.c: formats the reason and leaves the rest to the home.  The text stands in static memory because the
 * stack may be what is broken; a panic while one is under way writes over the first one's text, and env_panic
 * is the one who tells them apart.
 */
#include "base/panic.h"
#include "base/format.h"

static char panic_text[256];

void panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_text_args(panic_text, sizeof panic_text, format, args);
    va_end(args);
    env_panic(panic_text);
}

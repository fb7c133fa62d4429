/* SPDX-License-Identifier: MIT */
/*
 * format.c: text from a format string and arguments, in two steps: read a conversion into a struct spec, then
 * write its field.  Text that does not fit is dropped but counted, as snprintf does.  A conversion that is not
 * known is shown as it stands and takes no argument.
 */
#include "base/format.h"
#include "base/string.h"
#include <stdbool.h>
#include <stdint.h>

#define DIGITS_MAX 20   /* of 2^64 - 1 in decimal */
#define FIELD_MAX 4096u /* bounds a width, so that lengths fit an int */

struct sink {
    char *out;
    size_t size, length;
};

struct spec {
    bool left, zeros;
    unsigned width;
    unsigned precision; /* UINT32_MAX: none was given */
    enum { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG } length;
    char conversion;
};

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size)
        sink->out[sink->length] = c;
    sink->length++;
}

static void put_times(struct sink *sink, char c, unsigned n)
{
    while (n--)
        put(sink, c);
}

/* One field: sign or prefix, then text, padded to the width that spec asks for. */
static void put_field(struct sink *sink, const struct spec *spec, const char *prefix, const char *text, size_t length)
{
    size_t used = strlen(prefix) + length;
    unsigned padding = spec->width > used ? (unsigned)(spec->width - used) : 0;
    bool zeros = spec->zeros && !spec->left;
    if (!spec->left && !zeros)
        put_times(sink, ' ', padding);
    while (*prefix)
        put(sink, *prefix++);
    if (zeros)
        put_times(sink, '0', padding);
    for (size_t i = 0; i < length; i++)
        put(sink, text[i]);
    if (spec->left)
        put_times(sink, ' ', padding);
}

static void put_number(struct sink *sink, const struct spec *spec, const char *prefix, uint64_t value, unsigned base)
{
    char digits[DIGITS_MAX];
    size_t first = sizeof digits;
    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_field(sink, spec, prefix, digits + first, sizeof digits - first);
}

static unsigned read_number(const char **format)
{
    unsigned value = 0;
    for (; **format >= '0' && **format <= '9'; (*format)++)
        if (value < FIELD_MAX)
            value = value * 10 + (unsigned)(**format - '0');
    return value < FIELD_MAX ? value : FIELD_MAX;
}

/* Reads what follows a '%' up to and with the conversion's letter. */
static struct spec read_spec(const char **format)
{
    struct spec spec = {.precision = UINT32_MAX};
    for (;; (*format)++) {
        if (**format == '-')
            spec.left = true;
        else if (**format == '0')
            spec.zeros = true;
        else
            break;
    }
    spec.width = read_number(format);
    if (**format == '.') {
        (*format)++;
        spec.precision = read_number(format);
    }
    for (;; (*format)++) {
        if (**format == 'l' || **format == 'z')
            spec.length = LENGTH_LONG;
        else if (**format == 'h')
            spec.length = spec.length == LENGTH_SHORT ? LENGTH_CHAR : LENGTH_SHORT;
        else
            break;
    }
    spec.conversion = **format;
    if (**format)
        (*format)++;
    return spec;
}

static void format_signed(struct sink *sink, const struct spec *spec, va_list *args)
{
    int64_t value = spec->length == LENGTH_LONG ? va_arg(*args, long) : va_arg(*args, int);
    if (spec->length == LENGTH_SHORT)
        value = (short)value;
    else if (spec->length == LENGTH_CHAR)
        value = (signed char)value;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    put_number(sink, spec, value < 0 ? "-" : "", magnitude, 10);
}

static void format_unsigned(struct sink *sink, const struct spec *spec, va_list *args, unsigned base)
{
    uint64_t value = spec->length == LENGTH_LONG ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
    if (spec->length == LENGTH_SHORT)
        value = (unsigned short)value;
    else if (spec->length == LENGTH_CHAR)
        value = (unsigned char)value;
    put_number(sink, spec, "", value, base);
}

static void format_string(struct sink *sink, struct spec *spec, const char *text)
{
    if (!text)
        text = "(null)";
    spec->zeros = false;
    put_field(sink, spec, "", text, strnlen(text, spec->precision));
}

static void format_field(struct sink *sink, struct spec *spec, va_list *args)
{
    char c;
    switch (spec->conversion) {
    case 'd':
    case 'i':
        format_signed(sink, spec, args);
        break;
    case 'u':
        format_unsigned(sink, spec, args, 10);
        break;
    case 'x':
        format_unsigned(sink, spec, args, 16);
        break;
    case 'p':
        put_number(sink, spec, "0x", (uintptr_t)va_arg(*args, void *), 16);
        break;
    case 's':
        format_string(sink, spec, va_arg(*args, const char *));
        break;
    case 'c':
        c = (char)va_arg(*args, int);
        spec->zeros = false;
        put_field(sink, spec, "", &c, 1);
        break;
    case '%':
        put(sink, '%');
        break;
    default:
        put(sink, '%');
        if (spec->conversion)
            put(sink, spec->conversion);
    }
}

int format_text_args(char *out, size_t size, const char *format, va_list args)
{
    struct sink sink = {out, size, 0};
    va_list rest;
    va_copy(rest, args);
    while (*format) {
        char c = *format++;
        if (c != '%') {
            put(&sink, c);
            continue;
        }
        struct spec spec = read_spec(&format);
        format_field(&sink, &spec, &rest);
    }
    va_end(rest);
    if (size)
        out[sink.length < size ? sink.length : size - 1] = '\0';
    return (int)sink.length;
}

int format_text(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = format_text_args(out, size, format, args);
    va_end(args);
    return length;
}

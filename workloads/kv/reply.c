/* SPDX-License-Identifier: MIT */
/* reply.c: replies, and numbers as text (resp.h). */
#include "kv/resp.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REPLY_LINE_MAX 256

struct text number_text(char *buffer, int64_t n)
{
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    char *at = buffer + NUMBER_MAX;

    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (n < 0)
        *--at = '-';
    return (struct text){at, (size_t)(buffer + NUMBER_MAX - at)};
}

/* A line: what kind of reply, and a number. */
static void line_number(struct buffer *out, char kind, int64_t n)
{
    char digits[NUMBER_MAX], *to = buffer_reserve(out, NUMBER_MAX + 3);
    struct text t = number_text(digits, n);

    if (!to)
        return;
    *to = kind;
    memcpy(to + 1, t.at, t.length);
    memcpy(to + 1 + t.length, "\r\n", 2);
    out->end += t.length + 3;
}

void resp_status(struct buffer *out, const char *text)
{
    size_t n = strlen(text);
    char *to = buffer_reserve(out, n + 3);

    if (!to)
        return;
    *to = '+';
    memcpy(to + 1, text, n);
    memcpy(to + 1 + n, "\r\n", 2);
    out->end += n + 3;
}

/* No line ends inside a line, whatever a client sent. */
void resp_error(struct buffer *out, const char *format, ...)
{
    char line[REPLY_LINE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c; c++)
        if (*c == '\r' || *c == '\n')
            *c = ' ';
    buffer_add(out, "-", 1);
    buffer_add(out, line, strlen(line));
    buffer_add(out, "\r\n", 2);
}

void resp_number(struct buffer *out, int64_t n)
{
    line_number(out, ':', n);
}

void resp_array(struct buffer *out, size_t count)
{
    line_number(out, '*', (int64_t)count);
}

void resp_nil(struct buffer *out)
{
    buffer_add(out, "$-1\r\n", 5);
}

void resp_bulk(struct buffer *out, const void *bytes, size_t n)
{
    char *to;

    line_number(out, '$', (int64_t)n);
    to = buffer_reserve(out, n + 2);
    if (!to)
        return;
    memcpy(to, bytes, n);
    memcpy(to + n, "\r\n", 2);
    out->end += n + 2;
}

bool text_number(struct text t, int64_t *out)
{
    bool negative = t.length > 0 && t.at[0] == '-';
    uint64_t value = 0, most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    size_t i = negative;

    if (i == t.length || (t.at[i] == '0' && t.length > 1))
        return false;
    for (; i < t.length; i++) {
        unsigned digit = (unsigned)(unsigned char)t.at[i] - '0';
        if (digit > 9 || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)-value : (int64_t)value;
    return true;
}

bool text_is(struct text t, const char *word)
{
    for (size_t i = 0; i < t.length; i++)
        if (!word[i] || tolower((unsigned char)t.at[i]) != word[i])
            return false;
    return !word[t.length];
}

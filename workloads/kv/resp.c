/* SPDX-License-Identifier: MIT */
/* resp.c: requests as they come from clients (resp.h). */
#include "kv/resp.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum resp request_fail(struct request *r, const char *error)
{
    r->error = error;
    return RESP_ERROR;
}

static enum resp request_more(struct request *r, size_t need)
{
    r->need = need;
    return RESP_MORE;
}

static bool request_add(struct request *r, const char *at, size_t length)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 16;
        struct text *words = realloc(r->words, room * sizeof *words);
        if (!words)
            return false;
        r->words = words;
        r->room = room;
    }
    r->words[r->count++] = (struct text){at, length};
    return true;
}

/* A line of digits after its first byte, from *at on; moves *at behind its end.  1: a number; 0: there is no end yet;
   -1: it is none. */
static int number_read(const char *bytes, size_t n, size_t *at, int64_t *out)
{
    size_t i = *at, first;
    bool negative = i < n && bytes[i] == '-';
    int64_t value = 0;

    i += negative;
    for (first = i; i < n && bytes[i] >= '0' && bytes[i] <= '9' && i - first < 18; i++)
        value = value * 10 + (bytes[i] - '0');
    if (i + 1 >= n && (i >= n || bytes[i] == '\r'))
        return 0;
    if (i == first || bytes[i] != '\r' || bytes[i + 1] != '\n')
        return -1;
    *out = negative ? -value : value;
    *at = i + 2;
    return 1;
}

static enum resp bulk_read(struct request *r, const char *bytes, size_t n, size_t *at)
{
    int64_t length;
    size_t i = *at;
    int got;

    if (i >= n)
        return request_more(r, i + 1);
    if (bytes[i] != '$') {
        snprintf(r->error_text, sizeof r->error_text, "Protocol error: expected '$', got '%c'",
                 isprint((unsigned char)bytes[i]) ? bytes[i] : '?');
        return request_fail(r, r->error_text);
    }
    i++;
    got = number_read(bytes, n, &i, &length);
    if (got == 0)
        return request_more(r, n + 1);
    if (got < 0 || length < 0 || length > (int64_t)RESP_BULK_MAX)
        return request_fail(r, "Protocol error: invalid bulk length");
    if (i + (size_t)length + 2 > n)
        return request_more(r, i + (size_t)length + 2);
    if (!request_add(r, bytes + i, (size_t)length))
        return request_fail(r, "out of memory");
    *at = i + (size_t)length + 2;
    return RESP_REQUEST;
}

static enum resp array_read(struct request *r, const char *bytes, size_t n)
{
    int64_t count;
    size_t at = 1;
    int got = number_read(bytes, n, &at, &count);

    if (got == 0)
        return request_more(r, n + 1);
    if (got < 0 || count > (int64_t)RESP_WORDS_MAX)
        return request_fail(r, "Protocol error: invalid multibulk length");
    for (int64_t i = 0; i < count; i++) {
        enum resp one = bulk_read(r, bytes, n, &at);
        if (one != RESP_REQUEST)
            return one;
    }
    r->bytes = at;
    return RESP_REQUEST;
}

/* ---- inline commands ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static char escaped(char c)
{
    static const char from[] = "nrtba", to[] = "\n\r\t\b\a";
    const char *found = c ? strchr(from, c) : NULL;

    return found ? to[found - from] : c;
}

/* The text in quotes that begins at line[at], unquoted to *to; the place behind it, or 0 if it is not well formed. */
static size_t quoted_read(const char *line, size_t n, size_t at, char **to)
{
    char quote = line[at++];

    for (; at < n && line[at] != quote; at++) {
        bool escape = line[at] == '\\' && at + 1 < n && (quote == '"' || line[at + 1] == '\'');
        if (escape && quote == '"' && line[at + 1] == 'x' && at + 3 < n && hex_digit(line[at + 2]) >= 0 &&
            hex_digit(line[at + 3]) >= 0) {
            *(*to)++ = (char)(hex_digit(line[at + 2]) * 16 + hex_digit(line[at + 3]));
            at += 3;
        } else if (escape) {
            at++;
            *(*to)++ = quote == '"' ? escaped(line[at]) : line[at];
        } else {
            *(*to)++ = line[at];
        }
    }
    at++;
    return at > n || (at < n && !isspace((unsigned char)line[at])) ? 0 : at;
}

/* One word that begins at line[at], to *to: the place behind it, or 0. */
static size_t word_read(const char *line, size_t n, size_t at, char **to)
{
    while (at < n && !isspace((unsigned char)line[at])) {
        if (line[at] == '"' || line[at] == '\'')
            return quoted_read(line, n, at, to);
        *(*to)++ = line[at++];
    }
    return at;
}

static enum resp line_split(struct request *r, const char *line, size_t n)
{
    char *to = realloc(r->unquoted, n + 1);
    size_t at = 0;

    if (!to)
        return request_fail(r, "out of memory");
    r->unquoted = to;
    for (;;) {
        char *word = to;
        while (at < n && isspace((unsigned char)line[at]))
            at++;
        if (at == n)
            return RESP_REQUEST;
        at = word_read(line, n, at, &to);
        if (at == 0)
            return request_fail(r, "Protocol error: unbalanced quotes in request");
        if (!request_add(r, word, (size_t)(to - word)))
            return request_fail(r, "out of memory");
    }
}

static enum resp inline_read(struct request *r, const char *bytes, size_t n)
{
    const char *end = memchr(bytes, '\n', n);

    if (!end)
        return n > RESP_INLINE_MAX ? request_fail(r, "Protocol error: too big inline request") : request_more(r, n + 1);
    if ((size_t)(end - bytes) > RESP_INLINE_MAX)
        return request_fail(r, "Protocol error: too big inline request");
    r->bytes = (size_t)(end - bytes) + 1;
    if (end > bytes && end[-1] == '\r')
        end--;
    return line_split(r, bytes, (size_t)(end - bytes));
}

enum resp resp_read(struct request *r, const char *bytes, size_t n)
{
    enum resp result;

    r->count = 0;
    if (n == 0)
        return request_more(r, 1);
    result = *bytes == '*' ? array_read(r, bytes, n) : inline_read(r, bytes, n);
    if (result == RESP_MORE && r->need > RESP_REQUEST_MAX)
        return request_fail(r, "Protocol error: too big request");
    return result;
}

void request_free(struct request *r)
{
    free(r->words);
    free(r->unquoted);
    *r = (struct request){0};
}

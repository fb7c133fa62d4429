/* SPDX-License-Identifier: MIT */
/* headers.c: the headers of a request that this server looks at (RFC 9110, RFC 9112 section 5). */
#include "web/http.h"
#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool span_is(struct span s, const char *word)
{
    for (size_t i = 0; i < s.length; i++)
        if (!word[i] || lower(s.at[i]) != word[i])
            return false;
    return !word[s.length];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    return (struct span){at, (size_t)(end - at)};
}

bool span_next(struct span *list, struct span *element)
{
    const char *end = list->at + list->length, *comma;

    while (list->length && (is_blank(*list->at) || *list->at == ','))
        list->at++, list->length--;
    if (!list->length)
        return false;
    comma = memchr(list->at, ',', list->length);
    *element = trim(list->at, comma ? comma : end);
    list->at = comma ? comma + 1 : end;
    list->length = (size_t)(end - list->at);
    return true;
}

/* 1*DIGIT; one too large for 18 digits is refused as too much. */
static int length_read(struct http_request *r, struct span value)
{
    uint64_t n = 0;

    if (!value.length)
        return 400;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return 400;
        n = i < 18 ? n * 10 + (uint64_t)(value.at[i] - '0') : UINT64_MAX;
    }
    if (r->has_length)
        return 400;
    r->has_length = true;
    r->body_bytes = n;
    return 0;
}

static int connection_read(struct http_request *r, struct span value)
{
    struct span one;

    while (span_next(&value, &one))
        if (span_is(one, "close"))
            r->close = true;
        else if (span_is(one, "keep-alive") && r->minor == 0)
            r->close = false;
    return 0;
}

static int host_read(struct http_request *r, struct span value)
{
    for (size_t i = 0; i < value.length; i++)
        if (is_blank(value.at[i]) || value.at[i] == ',' || value.at[i] == '/')
            return 400;
    if (r->has_host)
        return 400;
    r->has_host = true;
    return 0;
}

static int coding_read(struct http_request *r, struct span value)
{
    r->chunked = !r->has_coding && span_is(value, "chunked");
    r->has_coding = true;
    return 0;
}

static int expect_read(struct http_request *r, struct span value)
{
    if (!span_is(value, "100-continue"))
        return 417;
    r->expects = r->minor == 1;
    return 0;
}

static int once(struct span *where, struct span value)
{
    *where = value;
    return 0;
}

/* The name's first letter and length leave few to compare with. */
static int header_take(struct http_request *r, struct span name, struct span value)
{
    switch (lower(*name.at)) {
    case 'h':
        return span_is(name, "host") ? host_read(r, value) : 0;
    case 'c':
        if (span_is(name, "connection"))
            return connection_read(r, value);
        return span_is(name, "content-length") ? length_read(r, value) : 0;
    case 't':
        return span_is(name, "transfer-encoding") ? coding_read(r, value) : 0;
    case 'e':
        return span_is(name, "expect") ? expect_read(r, value) : 0;
    case 'r':
        return span_is(name, "range") ? once(&r->range, value) : 0;
    case 'i':
        if (span_is(name, "if-none-match"))
            return once(&r->if_none_match, value);
        if (span_is(name, "if-modified-since"))
            return once(&r->if_modified_since, value);
        if (span_is(name, "if-match"))
            return once(&r->if_match, value);
        if (span_is(name, "if-unmodified-since"))
            return once(&r->if_unmodified_since, value);
        return span_is(name, "if-range") ? once(&r->if_range, value) : 0;
    }
    return 0;
}

static bool name_is_good(struct span name)
{
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/;<=>?@[\\]{}", c))
            return false;
    }
    return name.length > 0;
}

static bool value_is_good(struct span value)
{
    return !memchr(value.at, '\r', value.length) && !memchr(value.at, 0, value.length);
}

int http_headers_read(struct http_request *r, const char *at, const char *end)
{
    for (unsigned count = 0; at < end; count++) {
        const char *line = memchr(at, '\n', (size_t)(end - at)), *colon;
        struct span name, value;
        int status;

        if (!line || line == at || line[-1] != '\r')
            return 400;
        colon = memchr(at, ':', (size_t)(line - at));
        if (!colon)
            return 400;
        name = (struct span){at, (size_t)(colon - at)};
        value = trim(colon + 1, line - 1);
        if (!name_is_good(name) || !value_is_good(value))
            return 400;
        if (count == HTTP_HEADERS_MAX)
            return 431;
        status = header_take(r, name, value);
        if (status)
            return status;
        at = line + 1;
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* parse.c: the request line (RFC 9112, sections 2 and 3), and where a head ends. */
#include "web/http.h"
#include <string.h>

/* tchar of RFC 9110, section 5.6.2. */
static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.length; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool good =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("!#$%&'*+-.^_`|~", c);
        if (!good || !c)
            return false;
    }
    return s.length > 0;
}

static bool span_equals(struct span s, const char *word)
{
    return strlen(word) == s.length && memcmp(s.at, word, s.length) == 0;
}

/* Methods are in capitals, and case matters. */
static enum http_method method_of(struct span s)
{
    static const char *const known[] = {"POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH"};

    if (span_equals(s, "GET"))
        return HTTP_GET;
    if (span_equals(s, "HEAD"))
        return HTTP_HEAD;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_equals(s, known[i]))
            return HTTP_OTHER;
    return HTTP_UNKNOWN;
}

/* "HTTP/" digit "." digit */
static int version_read(struct http_request *r, struct span s)
{
    if (s.length != 8 || memcmp(s.at, "HTTP/", 5) != 0 || s.at[6] != '.' || s.at[5] < '0' || s.at[5] > '9' ||
        s.at[7] < '0' || s.at[7] > '9')
        return 400;
    if (s.at[5] != '1')
        return s.at[5] == '0' ? 400 : 505;
    r->minor = s.at[7] == '0' ? 0 : 1;
    return 0;
}

static int line_read(struct http_request *r, const char *at, const char *end)
{
    const char *first = memchr(at, ' ', (size_t)(end - at));
    const char *second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;
    struct span method = {at, first ? (size_t)(first - at) : 0};
    int status;

    if (!second || !is_token(method) || second == first + 1)
        return 400;
    status = version_read(r, (struct span){second + 1, (size_t)(end - second - 1)});
    if (status)
        return status;
    r->method = method_of(method);
    r->target = (struct span){first + 1, (size_t)(second - first - 1)};
    for (size_t i = 0; i < r->target.length; i++)
        if ((unsigned char)r->target.at[i] <= ' ' || (unsigned char)r->target.at[i] >= 0x7f)
            return 400;
    r->close = r->minor == 0;
    return 0;
}

/* The CR LF at or behind at; NULL: there is none yet. */
static const char *line_end(const char *at, const char *end, bool *bad)
{
    const char *cr = memchr(at, '\n', (size_t)(end - at));

    *bad = cr && (cr == at || cr[-1] != '\r');
    return cr ? cr - 1 : NULL;
}

/* What the whole request implies. */
static int request_check(struct http_request *r)
{
    if (!r->has_host && r->minor == 1)
        return 400;
    if (r->has_coding)
        return r->has_length || r->minor == 0 ? 400 : r->chunked ? 411 : 501;
    if (r->body_bytes > HTTP_BODY_MAX)
        return 413;
    return 0;
}

/* Where the head ends, behind its empty line; NULL: not there yet. */
static const char *head_end(const char *at, const char *end)
{
    const char *found = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);

    return found ? found + 4 : NULL;
}

int http_read(struct http_request *r, const char *bytes, size_t n)
{
    const char *at = bytes, *end = bytes + n, *first_end, *all_end;
    bool bad;
    int status;

    while (end - at >= 2 && at[0] == '\r' && at[1] == '\n') /* RFC 9112, section 2.2 */
        at += 2;
    if (at == end || (end - at == 1 && *at == '\r'))
        return n > HTTP_HEAD_MAX ? 400 : 0;
    first_end = line_end(at, end, &bad);
    if (bad)
        return 400;
    if (!first_end)
        return end - at > (ptrdiff_t)HTTP_LINE_MAX ? 414 : 0;
    if (first_end - at > (ptrdiff_t)HTTP_LINE_MAX)
        return 414;
    all_end = head_end(first_end, end);
    if (!all_end && end - at <= (ptrdiff_t)HTTP_HEAD_MAX)
        return 0;
    *r = (struct http_request){0};
    status = line_read(r, at, first_end);
    if (status)
        return status;
    if (!all_end || all_end - at > (ptrdiff_t)HTTP_HEAD_MAX)
        return 431;
    status = http_headers_read(r, first_end + 2, all_end - 2);
    if (!status)
        status = request_check(r);
    r->bytes = (size_t)(all_end - bytes);
    return status ? status : 1;
}

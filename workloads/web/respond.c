/* SPDX-License-Identifier: MIT */
/* respond.c: answers (respond.h). */
#include "web/respond.h"
#include "toll_usage.h"
#include "web/date.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX 1280

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Error";
}

static void __attribute__((format(printf, 2, 3))) add(struct buffer *out, const char *format, ...)
{
    char line[LINE_MAX];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buffer_add(out, line, n < LINE_MAX ? (size_t)n : LINE_MAX - 1);
}

static void add_text(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

/* The status line and what every answer has. */
static void head_begin(struct site *site, int status, bool close, bool old, struct buffer *out)
{
    if (status == 200)
        add_text(out, "HTTP/1.1 200 OK\r\nServer: toll\r\n");
    else
        add(out, "HTTP/1.1 %d %s\r\nServer: toll\r\n", status, reason_of(status));
    if (site->dates) {
        if (site->date_s != site->now_s)
            date_write(site->now_s, site->date);
        site->date_s = site->now_s;
        add_text(out, "Date: ");
        buffer_add(out, site->date, DATE_BYTES);
        add_text(out, "\r\n");
    }
    if (close)
        add_text(out, "Connection: close\r\n");
    else if (old)
        add_text(out, "Connection: keep-alive\r\n");
}

static void add_length(struct buffer *out, uint64_t n)
{
    char digits[20], *at = digits + sizeof digits;

    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    add_text(out, "Content-Length: ");
    buffer_add(out, at, (size_t)(digits + sizeof digits - at));
    add_text(out, "\r\n");
}

/* An answer that is only its status, in words too. */
static int plain(struct site *site, int status, bool close, const struct http_request *r, const char *header,
                 struct buffer *out)
{
    char body[128];
    int n = snprintf(body, sizeof body, "%d %s\n", status, reason_of(status));

    head_begin(site, status, close, r && r->minor == 0, out);
    add_text(out, header);
    add_text(out, "Content-Type: text/plain; charset=utf-8\r\n");
    add_length(out, (uint64_t)n);
    add_text(out, "\r\n");
    if (!r || r->method != HTTP_HEAD)
        buffer_add(out, body, (size_t)n);
    return status;
}

void respond_error(struct site *site, int status, struct buffer *out)
{
    plain(site, status, true, NULL, "", out);
}

/* ---- conditions ---- */

/* Whether a list of entity tags has this file's.  weak: as If-None-Match compares, section 8.8.3.2. */
static bool tag_is_in(struct span list, const struct cache_file *f, bool weak)
{
    struct span one;

    while (span_next(&list, &one)) {
        if (one.length == 1 && *one.at == '*')
            return true;
        if (one.length > 2 && !memcmp(one.at, "W/", 2)) {
            if (!weak)
                continue;
            one.at += 2;
            one.length -= 2;
        }
        if (one.length == f->tag_length && !memcmp(one.at, f->tag, one.length))
            return true;
    }
    return false;
}

/* In the order of section 13.2.2: 0, 304 or 412. */
static int condition(const struct http_request *r, const struct cache_file *f)
{
    int64_t date;

    if (r->if_match.at) {
        if (!tag_is_in(r->if_match, f, false))
            return 412;
    } else if (r->if_unmodified_since.at && date_read(r->if_unmodified_since, &date) && f->modified_s > date) {
        return 412;
    }
    if (r->if_none_match.at)
        return tag_is_in(r->if_none_match, f, true) ? 304 : 0;
    return r->if_modified_since.at && date_read(r->if_modified_since, &date) && f->modified_s <= date ? 304 : 0;
}

/* Whether a range may be sent: the client's part is of the same file (section 13.1.5). */
static bool range_holds(const struct http_request *r, const struct cache_file *f)
{
    int64_t date;

    if (!r->if_range.at)
        return true;
    if (*r->if_range.at == '"')
        return r->if_range.length == f->tag_length && !memcmp(r->if_range.at, f->tag, f->tag_length);
    return date_read(r->if_range, &date) && date == f->modified_s;
}

/* ---- files ---- */

static void content_add(struct cache_file *f, uint64_t first, uint64_t count, struct buffer *out,
                        struct response_rest *rest)
{
    if (f->content) {
        buffer_add(out, f->content + first, count);
    } else if (count) {
        f->users++;
        *rest = (struct response_rest){f, first, count};
    }
}

static int whole(struct site *site, const struct http_request *r, struct cache_file *f, struct buffer *out,
                 struct response_rest *rest)
{
    head_begin(site, 200, r->close, r->minor == 0, out);
    buffer_add(out, f->head, f->head_length);
    add_length(out, f->bytes);
    add_text(out, "\r\n");
    if (r->method == HTTP_GET)
        content_add(f, 0, f->bytes, out, rest);
    return 200;
}

static int partial(struct site *site, const struct http_request *r, struct cache_file *f, struct buffer *out,
                   struct response_rest *rest)
{
    uint64_t first = 0, count = 0;
    char header[64];
    int which = r->method == HTTP_GET && range_holds(r, f) ? range_read(r->range, f->bytes, &first, &count) : 0;

    if (which == 0)
        return whole(site, r, f, out, rest);
    if (which < 0) {
        snprintf(header, sizeof header, "Content-Range: bytes */%llu\r\n", (unsigned long long)f->bytes);
        return plain(site, 416, r->close, r, header, out);
    }
    head_begin(site, 206, r->close, r->minor == 0, out);
    buffer_add(out, f->head, f->head_length);
    add(out, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)first,
        (unsigned long long)(first + count - 1), (unsigned long long)f->bytes);
    add_length(out, count);
    add_text(out, "\r\n");
    content_add(f, first, count, out, rest);
    return 206;
}

static int not_modified(struct site *site, const struct http_request *r, const struct cache_file *f, struct buffer *out)
{
    head_begin(site, 304, r->close, r->minor == 0, out);
    add(out, "ETag: %s\r\n\r\n", f->tag);
    return 304;
}

/* A folder asked for without the slash: relative links in it would lead elsewhere.  Bytes that have no place in a
   header go back as they came, encoded. */
static int moved(struct site *site, const struct http_request *r, const char *path, struct buffer *out)
{
    static const char hex[] = "0123456789ABCDEF";
    char header[3 * HTTP_PATH_MAX + 32];
    size_t n = (size_t)sprintf(header, "Location: /");

    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (c > ' ' && c < 0x7f && !strchr("\"%<>?#\\^`{|}", c)) {
            header[n++] = (char)c;
        } else {
            header[n++] = '%';
            header[n++] = hex[c >> 4];
            header[n++] = hex[c & 15];
        }
    }
    strcpy(header + n, "/\r\n");
    return plain(site, 301, r->close, r, header, out);
}

/* What the system under the server has in use. */
static int usage(struct site *site, const struct http_request *r, struct buffer *out)
{
    char text[1024];
    size_t n = toll_usage(text, sizeof text);

    head_begin(site, 200, r->close, r->minor == 0, out);
    add_text(out, "Content-Type: text/plain; charset=utf-8\r\n");
    add_length(out, n);
    add_text(out, "\r\n");
    if (r->method == HTTP_GET)
        buffer_add(out, text, n);
    return 200;
}

int respond(struct site *site, const struct http_request *r, struct buffer *out, struct response_rest *rest)
{
    char path[HTTP_PATH_MAX + sizeof "/index.html"];
    struct cache_file *f;
    bool folder;
    int status;

    *rest = (struct response_rest){0};
    if (r->method == HTTP_OTHER)
        return plain(site, 405, r->close, r, "Allow: GET, HEAD\r\n", out);
    if (r->method == HTTP_UNKNOWN)
        return plain(site, 501, r->close, r, "", out);
    status = http_path(r->target, path, &folder);
    if (status)
        return plain(site, status, r->close, r, "", out);
    if (folder)
        strcat(path, *path ? "/index.html" : "index.html");
    f = cache_get(&site->cache, path, site->now_s, &status);
    if (!f && status == 301 && !folder)
        return moved(site, r, path, out);
    if (!f && status == 404 && site->usage && !strcmp(path, "server-usage"))
        return usage(site, r, out);
    if (!f)
        return plain(site, status == 301 ? 404 : status, r->close, r, "", out);
    status = condition(r, f);
    if (status == 304)
        not_modified(site, r, f, out);
    else if (status)
        plain(site, status, r->close, r, "", out);
    else
        status = r->range.at ? partial(site, r, f, out, rest) : whole(site, r, f, out, rest);
    cache_put(&site->cache, f);
    return status;
}

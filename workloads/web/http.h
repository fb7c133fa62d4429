/* SPDX-License-Identifier: MIT */
/*
 * http.h: requests of HTTP/1.1 and 1.0 (RFC 9110, RFC 9112), as strictly as the protocol allows, since what one server
 * takes for one request and another for two lets requests be smuggled (RFC 9112, section 11.2): lines end in CR LF, no
 * folded headers, no blank before a colon, one length.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX 8192u   /* request line: 414 */
#define HTTP_HEAD_MAX 16384u  /* request line and headers: 431 */
#define HTTP_HEADERS_MAX 100u /* 431 */
#define HTTP_BODY_MAX 65536u  /* what comes with a request is read and thrown away: 413 */
#define HTTP_PATH_MAX 1024u

/* A piece of text, not terminated; at NULL: none. */
struct span {
    const char *at;
    size_t length;
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER /* known, not allowed here */, HTTP_UNKNOWN };

struct http_request {
    size_t bytes; /* of its head */
    enum http_method method;
    unsigned minor; /* HTTP/1.minor; more than 1 counts as 1 */
    struct span target;
    bool close; /* the connection ends with the answer */
    bool has_host, has_length, has_coding, chunked, expects;
    uint64_t body_bytes; /* that follow */
    struct span range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since;
};

/* Reads the head of one request from the n bytes.  0: not complete yet; 1: here it is; else the status to answer with,
   after which the connection must be closed. */
int http_read(struct http_request *r, const char *bytes, size_t n);

/* headers.c: the lines behind the request line, up to the empty one that ends at `end`.  0, or a status. */
int http_headers_read(struct http_request *r, const char *at, const char *end);

/* Whether s is the word, which is in lower case, in any case. */
bool span_is(struct span s, const char *word);

/* Takes the next element of a list with commas from *list, without blanks around it.  False at its end. */
bool span_next(struct span *list, struct span *element);

/* path.c: the file that a target names, relative to the document root: decoded, without the query, no empty component,
   no
   "." and "..".  "" is the root itself; *folder: it ended with a slash.  0, or 400 or 414. */
int http_path(struct span target, char path[HTTP_PATH_MAX], bool *folder);

#endif

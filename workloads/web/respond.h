/* SPDX-License-Identifier: MIT */
/*
 * respond.h: what a request is answered: status, headers, and what of a file follows them (RFC 9110: conditional
 * requests, section 13; ranges, section 14).
 */
#ifndef WEB_RESPOND_H
#define WEB_RESPOND_H

#include "toll_buffer.h"
#include "web/cache.h"
#include "web/http.h"

struct site {
    struct cache cache;
    int64_t now_s;
    bool dates; /* answers have a Date; off where they must be equal everywhere */
    bool usage; /* /server-usage says what the system has in use, unless there is a file of that name */
    int64_t date_s;
    char date[32];
};

/* What is still to be sent of a file that is not kept whole. */
struct response_rest {
    struct cache_file *file; /* NULL: nothing */
    uint64_t offset, left;
};

/* Appends the answer to out; what does not go there is in *rest, to be given back with cache_put.  The status. */
int respond(struct site *site, const struct http_request *r, struct buffer *out, struct response_rest *rest);

/* The answer to what is no request, or came too late: the connection ends with it. */
void respond_error(struct site *site, int status, struct buffer *out);

/* range.c: what of n bytes a Range header asks for: 1 [*first, *first + *count); 0: all of it, as if there were no such
   header; -1: nothing there is (416). */
int range_read(struct span range, uint64_t n, uint64_t *first, uint64_t *count);

#endif

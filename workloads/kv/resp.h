/* SPDX-License-Identifier: MIT */
/*
 * resp.h: version 2 of Redis's protocol (RESP2, "Redis serialization protocol specification").  A request is an array
 * of bulk strings, or a line of words ("inline command", with quotes as Redis's command line has them).
 */
#ifndef KV_RESP_H
#define KV_RESP_H

#include "toll_buffer.h"
#include <stdint.h>

#define RESP_WORDS_MAX 16384u        /* in one request */
#define RESP_BULK_MAX (1024u * 1024) /* bytes of one word */
#define RESP_INLINE_MAX 65536u       /* bytes of an inline command, or of a line with a number */
#define RESP_REQUEST_MAX (8u * 1024 * 1024)

/* A piece of text, not terminated. */
struct text {
    const char *at;
    size_t length;
};

/* A request; its words lie in the bytes that were read, those with quotes in `unquoted`. */
struct request {
    size_t count, room;
    struct text *words;
    char *unquoted;
    size_t bytes;      /* that it took */
    size_t need;       /* RESP_MORE: it cannot be complete before so many bytes are there */
    const char *error; /* RESP_ERROR: what is wrong, as Redis says it */
    char error_text[64];
};

enum resp { RESP_REQUEST, RESP_MORE, RESP_ERROR };

/* Reads one request from the beginning of the n bytes.  A request with no words (an empty line, an array of 0 or -1) is
   to be skipped.  r is zeroed before its first use and used again afterwards. */
enum resp resp_read(struct request *r, const char *bytes, size_t n);
void request_free(struct request *r);

/* Replies. */
void resp_status(struct buffer *out, const char *text); /* +OK */
void resp_error(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void resp_number(struct buffer *out, int64_t n);
void resp_bulk(struct buffer *out, const void *bytes, size_t n);
void resp_nil(struct buffer *out);
void resp_array(struct buffer *out, size_t count); /* so many replies follow */

static inline void resp_text(struct buffer *out, struct text t)
{
    resp_bulk(out, t.at, t.length);
}

/* The whole number that t is, as Redis takes one: no blanks, no plus sign, no leading zeros. */
bool text_number(struct text t, int64_t *out);

/* Whether t is the word, which is in lower case, in any case. */
bool text_is(struct text t, const char *word);

/* The decimal digits of n at the end of a buffer of NUMBER_MAX bytes. */
#define NUMBER_MAX 24
struct text number_text(char *buffer, int64_t n);

#endif

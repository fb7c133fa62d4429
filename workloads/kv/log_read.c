/* SPDX-License-Identifier: MIT */
/* log_read.c: executes what was committed (log_file.h). */
#include "kv/kv.h"
#include "kv/log_file.h"
#include <errno.h>
#include <unistd.h>

#define PIECE_BYTES 65536u

/* Executes the whole commands in bytes; *done: how many bytes they are, with the lines between them.  False: what
   follows them is no command of a log. */
static bool replay(struct kv *kv, const char *bytes, size_t n, size_t *done)
{
    struct request r = {0};
    struct client nobody = {0};
    struct buffer replies = {.limit = RESP_BULK_MAX * 2};
    const char *line;
    enum resp got = RESP_REQUEST;

    for (*done = 0; *done < n && got == RESP_REQUEST;) {
        if (bytes[*done] == '#') {
            if (!(line = memchr(bytes + *done, '\n', n - *done)))
                break;
            *done = (size_t)(line - bytes) + 1;
            continue;
        }
        got = bytes[*done] == '*' ? resp_read(&r, bytes + *done, n - *done) : RESP_ERROR;
        if (got != RESP_REQUEST)
            break;
        if (r.count)
            kv_execute(kv, &nobody, &r, &replies);
        buffer_take(&replies, buffer_used(&replies));
        replies.broken = false;
        *done += r.bytes;
    }
    request_free(&r);
    buffer_free(&replies);
    return got != RESP_ERROR;
}

bool log_read(struct kv *kv, int file, off_t end, off_t *done)
{
    struct buffer piece = {.limit = RESP_REQUEST_MAX + PIECE_BYTES};
    ssize_t got = 1;
    off_t at = 0;
    size_t n;
    bool good = true;
    char *to;

    for (*done = 0; good && at < end && (to = buffer_reserve(&piece, PIECE_BYTES)); at += got) {
        got = pread(file, to, end - at < PIECE_BYTES ? (size_t)(end - at) : PIECE_BYTES, at);
        if (got <= 0)
            break;
        piece.end += (size_t)got;
        good = replay(kv, piece.data + piece.start, buffer_used(&piece), &n);
        *done += (off_t)n;
        buffer_take(&piece, n);
    }
    good = good && got > 0 && *done == end;
    if (!good && got >= 0)
        errno = piece.broken ? ENOMEM : EINVAL;
    buffer_free(&piece);
    return good;
}

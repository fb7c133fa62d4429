/* SPDX-License-Identifier: MIT */
/* log.c: the append-only file (log.h). */
#include "kv/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 512
#define PIECE_BYTES 65536u
#define REWRITE_LEAST (4u << 20) /* smaller files are left alone */
#define SYNC_INTERVAL_MS 1000
#define GATHERED_MAX (64u << 20)

struct log {
    struct kv *kv;
    int file, directory;
    enum log_sync sync;
    struct buffer gathered;
    off_t bytes, bytes_after_rewrite; /* of the file, whole commands */
    bool broken, dirty;               /* dirty: written, not synced */
    int64_t synced_ms;
    char path[PATH_BYTES], path_new[PATH_BYTES], error[128];
};

static bool log_fail(struct log *log, const char *what)
{
    if (!log->broken)
        fprintf(stderr, "kv_server: %s: %s: %s\n", log->path, what, strerror(errno));
    snprintf(log->error, sizeof log->error, "%s", strerror(errno));
    log->broken = true;
    return false;
}

bool log_is_broken(const struct log *log)
{
    return log->broken;
}

const char *log_error(const struct log *log)
{
    return log->error;
}

const char *log_policy(const struct log *log)
{
    return log->sync == LOG_COMMIT ? "always" : "everysec";
}

static void words_add(struct buffer *out, const struct text *words, size_t count)
{
    resp_array(out, count);
    for (size_t i = 0; i < count; i++)
        resp_text(out, words[i]);
}

void log_add(struct log *log, const struct text *words, size_t count)
{
    words_add(&log->gathered, words, count);
}

static bool write_all(int file, const char *bytes, size_t n)
{
    while (n) {
        ssize_t put = write(file, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        n -= (size_t)put;
    }
    return true;
}

/* ---- writing anew ---- */

static bool entry_write(struct buffer *piece, const struct entry *e)
{
    char digits[NUMBER_MAX];
    struct text key = {e->key, e->key_length}, value = {e->value->data, e->value->length};
    struct text set[] = {TEXT("SET"), key, value};
    struct text expiry[] = {TEXT("PEXPIREAT"), key, number_text(digits, e->expires_ms)};

    words_add(piece, set, 3);
    if (e->expires_ms)
        words_add(piece, expiry, 3);
    return !piece->broken;
}

static bool table_write(struct log *log, int file, off_t *bytes)
{
    struct buffer piece = {.limit = GATHERED_MAX};
    bool good = true;

    *bytes = 0;
    for (struct entry *e = table_next(&log->kv->table, NULL); e && good; e = table_next(&log->kv->table, e)) {
        good = entry_write(&piece, e);
        if (good && buffer_used(&piece) >= PIECE_BYTES) {
            *bytes += (off_t)buffer_used(&piece);
            good = write_all(file, piece.data + piece.start, buffer_used(&piece));
            buffer_take(&piece, buffer_used(&piece));
        }
    }
    *bytes += (off_t)buffer_used(&piece);
    good = good && write_all(file, piece.data + piece.start, buffer_used(&piece)) && fsync(file) == 0;
    buffer_free(&piece);
    return good;
}

/* False without room for a second file: then the first one just goes on. */
static bool rewrite(struct log *log)
{
    int file = open(log->path_new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    off_t bytes;

    log->bytes_after_rewrite = log->bytes; /* not tried again before it has doubled */
    if (file < 0)
        return false;
    if (!table_write(log, file, &bytes) || rename(log->path_new, log->path) != 0) {
        close(file);
        unlink(log->path_new);
        return false;
    }
    fsync(log->directory);
    close(log->file);
    log->file = file;
    log->bytes = log->bytes_after_rewrite = bytes;
    log->dirty = false;
    return true;
}

/* ---- committing ---- */

static bool gathered_write(struct log *log)
{
    size_t n = buffer_used(&log->gathered);

    if (lseek(log->file, log->bytes, SEEK_SET) < 0 ||
        !write_all(log->file, log->gathered.data + log->gathered.start, n)) {
        /* Half a command may stay there: the next try writes over it, and who reads the file cuts it off. */
        return log_fail(log, "cannot be written");
    }
    log->bytes += (off_t)n;
    buffer_take(&log->gathered, n);
    log->dirty = true;
    return true;
}

static bool file_sync(struct log *log)
{
    if (fdatasync(log->file) != 0)
        return log_fail(log, "cannot be brought to stable storage");
    log->dirty = false;
    return true;
}

/* More was changed than could be gathered: only the table has all of it. */
static bool gathered_replace(struct log *log)
{
    errno = ENOMEM;
    if (!rewrite(log))
        return log_fail(log, "changes could not be gathered, nor all be written anew");
    buffer_free(&log->gathered);
    log->gathered.broken = false;
    return true;
}

bool log_commit(struct log *log)
{
    if (log->gathered.broken && !gathered_replace(log))
        return false;
    if (buffer_used(&log->gathered) && !gathered_write(log))
        return false;
    if (log->sync == LOG_COMMIT && log->dirty && !file_sync(log))
        return false;
    log->broken = false;
    if (log->bytes > REWRITE_LEAST && log->bytes / 2 > log->bytes_after_rewrite)
        rewrite(log);
    return true;
}

int log_tick(struct log *log, int64_t now_ms)
{
    int64_t left = log->synced_ms + SYNC_INTERVAL_MS - now_ms;

    if (log->broken)
        return SYNC_INTERVAL_MS;
    if (!log->dirty || log->sync != LOG_INTERVAL)
        return -1;
    if (left > 0 && left <= SYNC_INTERVAL_MS)
        return (int)left;
    log->synced_ms = now_ms;
    return file_sync(log) ? -1 : SYNC_INTERVAL_MS;
}

/* ---- reading ---- */

/* Executes the whole commands in bytes; *done: how many bytes they are.  False: what follows them is no command of a
 * log. */
static bool replay(struct kv *kv, const char *bytes, size_t n, size_t *done)
{
    struct request r = {0};
    struct client nobody = {0};
    struct buffer replies = {.limit = RESP_BULK_MAX * 2};
    size_t at = 0;
    enum resp got = RESP_REQUEST;

    while (at < n && (got = resp_read(&r, bytes + at, n - at)) == RESP_REQUEST) {
        if (bytes[at] != '*')
            got = RESP_ERROR;
        else if (r.count)
            kv_execute(kv, &nobody, &r, &replies);
        if (got == RESP_ERROR)
            break;
        buffer_take(&replies, buffer_used(&replies));
        replies.broken = false;
        at += r.bytes;
    }
    request_free(&r);
    buffer_free(&replies);
    *done = at;
    return got != RESP_ERROR;
}

/* In pieces, of which one that ends within a command is read again with the next. */
static bool file_read(struct log *log, size_t *torn)
{
    struct buffer piece = {.limit = RESP_REQUEST_MAX + PIECE_BYTES};
    ssize_t got = 0;
    size_t done;
    bool good = true;
    char *to;

    while (good && (to = buffer_reserve(&piece, PIECE_BYTES)) && (got = read(log->file, to, PIECE_BYTES)) > 0) {
        piece.end += (size_t)got;
        good = replay(log->kv, piece.data + piece.start, buffer_used(&piece), &done);
        log->bytes += (off_t)done;
        buffer_take(&piece, done);
    }
    *torn = buffer_used(&piece);
    buffer_free(&piece);
    if (!good)
        errno = EINVAL;
    return good && to && got == 0;
}

static void __attribute__((format(printf, 3, 4))) say(char *error, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, size, format, args);
    va_end(args);
}

static bool files_open(struct log *log, const char *directory, char *error, size_t size)
{
    log->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log->directory < 0) {
        say(error, size, "dir=%s: %s", directory, strerror(errno));
        return false;
    }
    snprintf(log->path, sizeof log->path, "%s/appendonly.aof", directory);
    snprintf(log->path_new, sizeof log->path_new, "%s/appendonly.new", directory);
    log->file = open(log->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (log->file < 0) {
        say(error, size, "%s: %s", log->path, strerror(errno));
        return false;
    }
    fsync(log->directory);
    return true;
}

static bool content_read(struct log *log, size_t *torn, char *error, size_t size)
{
    bool good;

    log->kv->replaying = true;
    good = file_read(log, torn);
    log->kv->replaying = false;
    if (!good) {
        say(error, size, "%s: byte %lld: %s", log->path, (long long)log->bytes,
            errno == EINVAL ? "no command of a log" : strerror(errno));
        return false;
    }
    if (*torn && (ftruncate(log->file, log->bytes) != 0 || fsync(log->file) != 0)) {
        say(error, size, "%s: cannot be cut off: %s", log->path, strerror(errno));
        return false;
    }
    log->bytes_after_rewrite = log->bytes;
    return true;
}

struct log *log_open(struct kv *kv, const char *directory, enum log_sync sync, size_t *torn, char *error, size_t size)
{
    struct log *log = calloc(1, sizeof *log);

    if (!log || strlen(directory) > PATH_BYTES - 32) {
        say(error, size, "dir=: %s", log ? "the path is too long" : "out of memory");
        free(log);
        return NULL;
    }
    log->kv = kv;
    log->sync = sync;
    log->file = log->directory = -1;
    log->gathered.limit = GATHERED_MAX;
    if (files_open(log, directory, error, size) && content_read(log, torn, error, size))
        return log;
    log_close(log);
    return NULL;
}

void log_close(struct log *log)
{
    if (log->file >= 0)
        close(log->file);
    if (log->directory >= 0)
        close(log->directory);
    buffer_free(&log->gathered);
    free(log);
}

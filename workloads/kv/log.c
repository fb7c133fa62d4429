/* SPDX-License-Identifier: MIT */
/* log.c: the append-only file (log.h). */
#include "kv/log.h"
#include "kv/log_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
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
    struct buffer gathered; /* begins with room for the line of a commit, unless it is empty */
    uint64_t nonce;
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
    static const char room[LOG_LINE_BYTES];

    if (buffer_used(out) == 0)
        buffer_add(out, room, sizeof room);
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

/* Writes what was gathered, as one commit at that place of the file. */
static bool commit_write(int file, uint64_t nonce, off_t place, struct buffer *gathered)
{
    char *line = gathered->data + gathered->start;
    size_t n = buffer_used(gathered);

    log_line_make(line, nonce, place, line + LOG_LINE_BYTES, n - LOG_LINE_BYTES);
    return write_all(file, line, n);
}

static uint64_t nonce_make(void)
{
    uint64_t nonce = 0;

    return getrandom(&nonce, sizeof nonce, 0) == sizeof nonce ? nonce : 0;
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

/* Each piece is a commit. */
static bool piece_write(int file, uint64_t nonce, struct buffer *piece, off_t *bytes)
{
    if (!commit_write(file, nonce, *bytes, piece))
        return false;
    *bytes += (off_t)buffer_used(piece);
    buffer_take(piece, buffer_used(piece));
    return true;
}

static bool table_write(const struct log *log, int file, uint64_t nonce, off_t *bytes)
{
    struct buffer piece = {.limit = GATHERED_MAX};
    bool good = log_head_write(file, nonce) && lseek(file, LOG_HEAD_BYTES, SEEK_SET) >= 0;

    *bytes = LOG_HEAD_BYTES;
    for (struct entry *e = table_next(&log->kv->table, NULL); e && good; e = table_next(&log->kv->table, e)) {
        good = entry_write(&piece, e);
        if (good && buffer_used(&piece) >= PIECE_BYTES)
            good = piece_write(file, nonce, &piece, bytes);
    }
    good = good && (!buffer_used(&piece) || piece_write(file, nonce, &piece, bytes)) && fsync(file) == 0;
    buffer_free(&piece);
    return good;
}

/* False without room for a second file: then the first one just goes on. */
static bool rewrite(struct log *log)
{
    int file = open(log->path_new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    uint64_t nonce = nonce_make();
    off_t bytes;

    log->bytes_after_rewrite = log->bytes; /* not tried again before it has doubled */
    if (file < 0)
        return false;
    if (!table_write(log, file, nonce, &bytes) || rename(log->path_new, log->path) != 0) {
        close(file);
        unlink(log->path_new);
        return false;
    }
    fsync(log->directory);
    close(log->file);
    log->file = file;
    log->nonce = nonce;
    log->bytes = log->bytes_after_rewrite = bytes;
    log->dirty = false;
    return true;
}

/* ---- committing ---- */

static bool gathered_write(struct log *log)
{
    size_t n = buffer_used(&log->gathered);

    if (lseek(log->file, log->bytes, SEEK_SET) < 0 ||
        !commit_write(log->file, log->nonce, log->bytes, &log->gathered)) {
        /* Half a commit may stay there: the next try writes over it, and who reads the file cuts it off. */
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

/* What is behind the commits goes, unless it cannot come from a crash: of commits that are brought to stable storage
   one after the other only the last can be torn. */
static bool end_cut(struct log *log, off_t size, char *error, size_t error_size)
{
    if (log->sync == LOG_COMMIT && log_goes_on(log->file, log->nonce, log->bytes)) {
        say(error, error_size,
            "%s: byte %lld: damaged, and whole commits follow; sync=interval cuts the file off there", log->path,
            (long long)log->bytes);
        return false;
    }
    if (size > log->bytes && (ftruncate(log->file, log->bytes) != 0 || fsync(log->file) != 0)) {
        say(error, error_size, "%s: cannot be cut off: %s", log->path, strerror(errno));
        return false;
    }
    return true;
}

/* A file that is new gets its first line. */
static bool head_read(struct log *log, off_t size, char *error, size_t error_size)
{
    if (size == 0) {
        log->nonce = nonce_make();
        if (log_head_write(log->file, log->nonce))
            return true;
        say(error, error_size, "%s: %s", log->path, strerror(errno));
        return false;
    }
    if (log_head_read(log->file, &log->nonce))
        return true;
    say(error, error_size, "%s: not a log of this server: #log and a number were expected at its start", log->path);
    return false;
}

static bool content_read(struct log *log, size_t *torn, char *error, size_t size)
{
    off_t bytes = lseek(log->file, 0, SEEK_END), end;
    bool good;

    if (!head_read(log, bytes, error, size))
        return false;
    end = log_end_find(log->file, log->nonce);
    log->kv->replaying = true;
    good = end >= 0 && log_read(log->kv, log->file, end, &log->bytes);
    log->kv->replaying = false;
    if (!good) {
        say(error, size, "%s: byte %lld: %s", log->path, (long long)log->bytes,
            errno == EINVAL ? "no command of a log" : strerror(errno));
        return false;
    }
    *torn = bytes > end ? (size_t)(bytes - end) : 0;
    log->bytes_after_rewrite = log->bytes;
    return !*torn || end_cut(log, bytes, error, size);
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

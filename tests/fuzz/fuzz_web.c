/* SPDX-License-Identifier: MIT */
/*
 * fuzz_web.c: a target for libFuzzer: bytes as a client sends them, in pieces, against the web server's parser and
 * answers. The first byte chooses the size of the pieces.  Beside what the sanitizers see: what is answered is well
 * formed and as long as it says, the same bytes in one piece are answered alike, and no file outside the folder is ever
 * sent.
 */
#include "web/respond.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "the file outside"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int __real_fstat(int descriptor, struct stat *s);
int __wrap_fstat(int descriptor, struct stat *s);

static struct site site;

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_web: %s\n", what);
    abort();
}

/* What the server calls (tests/unit/web.mk).  Numbers and times of files are in answers, and from them in what
   libFuzzer tries next: they must not be those of this machine and hour. */
int __wrap_fstat(int descriptor, struct stat *s)
{
    int result = __real_fstat(descriptor, s);

    s->st_dev = 1;
    s->st_ino = (ino_t)s->st_size + 1;
    s->st_mtim = (struct timespec){.tv_sec = 1704067200};
    return result;
}

/* At once, for another process may have the folder too. */
static void file_make(int folder, const char *name, const char *text)
{
    char made[32];
    int file;

    snprintf(made, sizeof made, "made.%d", (int)getpid());
    file = openat(folder, made, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    must(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) && close(file) == 0 &&
             renameat(folder, made, folder, name) == 0,
         "no file");
}

/* A folder, and a file beside it. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *outside = "build/tests/fuzz_web.site";
    int folder;

    (void)argc, (void)argv;
    mkdir(outside, 0755); /* there already, the second time */
    folder = open(outside, O_DIRECTORY);
    file_make(folder, "secret", SECRET);
    mkdirat(folder, "root", 0755);
    site.cache.root = openat(folder, "root", O_DIRECTORY);
    mkdirat(site.cache.root, "s", 0755);
    file_make(site.cache.root, "index.html", "hello");
    file_make(site.cache.root, "a", "0123456789");
    file_make(site.cache.root, "s/index.html", "s");
    (void)!symlinkat("../secret", site.cache.root, "link");
    must(site.cache.root >= 0 && faccessat(site.cache.root, "link", F_OK, 0) == 0, "no link");
    site.cache.limit = 4096;
    return 0;
}

/* One answer at the beginning of the n bytes: how long it is. */
static size_t answer_check(const char *at, size_t n, bool head)
{
    const char *end = memmem(at, n, "\r\n\r\n", 4), *length;
    size_t body = 0;

    must(n > 12 && !memcmp(at, "HTTP/1.1 ", 9) && end, "an answer without a head");
    for (const char *line = at; line < end; line++)
        must(*line != '\n' || line[-1] == '\r', "a line ends in the middle of a header");
    length = memmem(at, (size_t)(end - at), "\r\nContent-Length: ", 18);
    if (length && !head && memcmp(at + 9, "304", 3) != 0)
        body = strtoul(length + 18, NULL, 10);
    must(body <= n - (size_t)(end + 4 - at), "an answer is shorter than it says");
    return (size_t)(end + 4 - at) + body;
}

/* Feeds the bytes; what is answered goes to out. */
static void run(const uint8_t *bytes, size_t n, size_t piece, struct buffer *out)
{
    struct buffer in = {.limit = 1u << 20};
    struct response_rest rest;
    struct http_request r;
    uint64_t skip = 0;
    int got = 0;

    for (size_t at = 0; at < n && got >= 0; at += piece) {
        buffer_add(&in, bytes + at, n - at < piece ? n - at : piece);
        for (;;) {
            size_t skipped = skip < buffer_used(&in) ? (size_t)skip : buffer_used(&in), before;
            buffer_take(&in, skipped);
            skip -= skipped;
            got = buffer_used(&in) ? http_read(&r, in.data + in.start, buffer_used(&in)) : 0;
            if (got == 0)
                break;
            before = buffer_used(out);
            if (got != 1) {
                respond_error(&site, got, out);
                got = -1;
                break;
            }
            must(r.bytes > 0 && r.bytes <= buffer_used(&in), "a request takes bytes that are not there");
            respond(&site, &r, out, &rest);
            if (!out->broken)
                must(answer_check(out->data + out->start + before, buffer_used(out) - before, r.method == HTTP_HEAD) ==
                         buffer_used(out) - before,
                     "more than one answer");
            if (rest.file)
                cache_put(&site.cache, rest.file);
            skip = r.body_bytes;
            buffer_take(&in, r.bytes);
        }
    }
    buffer_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct buffer one = {.limit = 1u << 20}, pieces = {.limit = 1u << 20};

    if (n == 0)
        return 0;
    site.now_s++;
    run(bytes + 1, n - 1, n, &one);
    run(bytes + 1, n - 1, 1 + bytes[0] * 4u, &pieces);
    must(buffer_used(&one) == buffer_used(&pieces) &&
             (!one.data || !memcmp(one.data + one.start, pieces.data + pieces.start, buffer_used(&one))),
         "pieces make a difference");
    must(!one.data || !memmem(one.data + one.start, buffer_used(&one), SECRET, sizeof SECRET - 1),
         "a file from outside");
    buffer_free(&one);
    buffer_free(&pieces);
    return 0;
}

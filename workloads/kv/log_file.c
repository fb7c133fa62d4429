/* SPDX-License-Identifier: MIT */
/* log_file.c: the log's lines, and what of a file was committed (log_file.h). */
#include "kv/log_file.h"
#include "kv/sip.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES 32768u
#define COMMIT "#commit "

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* 1; 0: the file ends before; -1 with errno. */
static int read_at(int file, char *to, size_t n, off_t place)
{
    while (n) {
        ssize_t got = pread(file, to, n, place);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        to += got;
        n -= (size_t)got;
        place += got;
    }
    return 1;
}

/* Exactly n digits. */
static bool number_read(const char *at, size_t n, int base, uint64_t *out)
{
    char digits[32], *end;

    memcpy(digits, at, n);
    digits[n] = 0;
    *out = strtoull(digits, &end, base);
    return end == digits + n && strspn(digits, "0123456789abcdef") == n;
}

bool log_head_write(int file, uint64_t nonce)
{
    char line[LOG_HEAD_BYTES + 1];

    snprintf(line, sizeof line, "#log %016llx\r\n", (unsigned long long)nonce);
    return pwrite(file, line, LOG_HEAD_BYTES, 0) == LOG_HEAD_BYTES;
}

bool log_head_read(int file, uint64_t *nonce)
{
    char line[LOG_HEAD_BYTES];

    return read_at(file, line, sizeof line, 0) > 0 && !memcmp(line, "#log ", 5) &&
           number_read(line + 5, 16, 16, nonce) && !memcmp(line + 21, "\r\n", 2);
}

/* The sum over pieces: each one's is the key of the next. */
static uint64_t sum_add(uint64_t nonce, uint64_t sum, const char *piece, size_t n)
{
    const uint64_t key[2] = {nonce, sum};

    return sip_hash(key, piece, n);
}

void log_line_make(char line[LOG_LINE_BYTES], uint64_t nonce, off_t place, const char *commands, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    uint64_t sum = (uint64_t)place;
    size_t left = n;

    for (size_t at = 0; at < n; at += PIECE_BYTES)
        sum = sum_add(nonce, sum, commands + at, least(PIECE_BYTES, n - at));
    memcpy(line, COMMIT, 8);
    for (unsigned i = 18; i-- > 8; left /= 10)
        line[i] = digit[left % 10];
    line[18] = ' ';
    for (unsigned i = 35; i-- > 19; sum >>= 4)
        line[i] = digit[sum & 15];
    memcpy(line + 35, "\r\n", 2);
}

static bool line_read(const char *line, uint64_t *bytes, uint64_t *sum)
{
    return !memcmp(line, COMMIT, 8) && number_read(line + 8, 10, 10, bytes) && line[18] == ' ' &&
           number_read(line + 19, 16, 16, sum) && !memcmp(line + 35, "\r\n", 2);
}

/* The end of the commit at that place; 0: there is none, or it is not whole; -1 with errno. */
static off_t commit_end(int file, uint64_t nonce, off_t place)
{
    static char piece[PIECE_BYTES];
    char line[LOG_LINE_BYTES];
    uint64_t left, sum, expected;
    off_t at = place + LOG_LINE_BYTES;
    int got = read_at(file, line, sizeof line, place);

    if (got <= 0)
        return got;
    if (!line_read(line, &left, &expected))
        return 0;
    for (sum = (uint64_t)place; left;) {
        size_t n = least(PIECE_BYTES, left);
        if ((got = read_at(file, piece, n, at)) <= 0)
            return got;
        sum = sum_add(nonce, sum, piece, n);
        at += (off_t)n;
        left -= n;
    }
    return sum == expected ? at : 0;
}

off_t log_end_find(int file, uint64_t nonce)
{
    off_t end = LOG_HEAD_BYTES, next;

    while ((next = commit_end(file, nonce, end)) > 0)
        end = next;
    return next < 0 ? -1 : end;
}

bool log_goes_on(int file, uint64_t nonce, off_t place)
{
    static char piece[PIECE_BYTES];
    ssize_t n;

    while ((n = pread(file, piece, sizeof piece, place)) >= (ssize_t)LOG_LINE_BYTES) {
        const char *at = piece, *end = piece + n - 7;
        while (at < end && (at = memchr(at, COMMIT[0], (size_t)(end - at)))) {
            if (!memcmp(at, COMMIT, 8) && commit_end(file, nonce, place + (at - piece)) > 0)
                return true;
            at++;
        }
        place += n - 7; /* a line that begins in here may begin with less than can be compared */
    }
    return false;
}

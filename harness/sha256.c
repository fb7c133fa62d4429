/* SPDX-License-Identifier: MIT */
/*
 * sha256.c: SHA-256 of bytes and of files.
 */
#include "sha256.h"
#include "file.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void sha256_start(struct sha256 *hash)
{
    sha256_init(&hash->state);
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t n)
{
    sha256_update(&hash->state, n, bytes);
}

void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_BYTES])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(&hash->state, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

int sha256_add_file(struct sha256 *hash, const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char buffer[65536];
    ssize_t n;

    if (fd < 0)
        return file_error(error, "read", path);
    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        sha256_add(hash, buffer, (size_t)n);
    close(fd);
    return n < 0 ? file_error(error, "read", path) : 0;
}

int sha256_file(const char *path, char text[SHA256_TEXT_BYTES], struct error *error)
{
    struct sha256 hash;

    sha256_start(&hash);
    if (sha256_add_file(&hash, path, error))
        return -1;
    sha256_end(&hash, text);
    return 0;
}

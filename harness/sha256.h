/* SPDX-License-Identifier: MIT */
/*
 * sha256.h: SHA-256 (by nettle), as 64 lower-case hexadecimal digits.
 */
#ifndef TOLL_SHA256_H
#define TOLL_SHA256_H

#include "error.h"
#include <nettle/sha2.h>
#include <stddef.h>

#define SHA256_TEXT_BYTES 65

struct sha256 {
    struct sha256_ctx state;
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t n);
void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_BYTES]);
int sha256_add_file(struct sha256 *hash, const char *path, struct error *error);
int sha256_file(const char *path, char text[SHA256_TEXT_BYTES], struct error *error);

#endif

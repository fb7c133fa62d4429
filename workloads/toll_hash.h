/* SPDX-License-Identifier: MIT */
/*
 * toll_hash.h: a checksum for workloads that must recognise bytes again (FNV-1a, 64 bits).  Chain calls by passing
 * the last result; start with TOLL_HASH_START.
 */
#ifndef TOLL_HASH_H
#define TOLL_HASH_H

#include <stddef.h>
#include <stdint.h>

#define TOLL_HASH_START 0xcbf29ce484222325u

static inline uint64_t toll_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

#endif

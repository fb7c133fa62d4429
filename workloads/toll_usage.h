/* SPDX-License-Identifier: MIT */
/* toll_usage.h: for servers: what the system uses now and its network lost (wire.h), as lines NAME:COUNT. */
#ifndef TOLL_USAGE_H
#define TOLL_USAGE_H

#include "wire.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* Bytes written to out without the NUL: none where the system does not say. */
static inline size_t toll_usage(char *out, size_t size)
{
    static const char *const names[] = WIRE_USAGE_NAMES;
    uint64_t counts[WIRE_USAGES];
    long have = syscall(WIRE_CALL_USAGE, counts, (long)WIRE_USAGES);
    size_t n = 0;

    for (long i = 0; i < have && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s:%llu\r\n", names[i], (unsigned long long)counts[i]);
    return n < size ? n : size - 1;
}

#endif

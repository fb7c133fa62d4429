/* SPDX-License-Identifier: MIT */
/* stdlib.h: the one function of it that lwIP names, in code that nobody calls here. */
#ifndef TOLL_NET_STDLIB_H
#define TOLL_NET_STDLIB_H

static inline int atoi(const char *digits)
{
    int n = 0;
    while (*digits >= '0' && *digits <= '9')
        n = n * 10 + (*digits++ - '0');
    return n;
}

#endif

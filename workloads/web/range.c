/* SPDX-License-Identifier: MIT */
/* range.c: byte ranges (RFC 9110, section 14.1.2).  Of several at once all of the file is sent, as section 14.2 allows.
 */
#include "web/respond.h"

/* Digits from *at on; false: there are none.  What is too large for any file becomes the largest number. */
static bool number_read(struct span s, size_t *at, uint64_t *out)
{
    size_t start = *at;

    for (*out = 0; *at < s.length && s.at[*at] >= '0' && s.at[*at] <= '9'; ++*at)
        *out = *out > (UINT64_MAX - 9) / 10 ? UINT64_MAX : *out * 10 + (uint64_t)(s.at[*at] - '0');
    return *at > start;
}

int range_read(struct span range, uint64_t n, uint64_t *first, uint64_t *count)
{
    static const char unit[] = "bytes=";
    size_t at = sizeof unit - 1;
    uint64_t last;
    bool has_first, has_last;

    if (range.length < at || !span_is((struct span){range.at, at}, unit))
        return 0;
    has_first = number_read(range, &at, first);
    if (at >= range.length || range.at[at++] != '-')
        return 0;
    has_last = number_read(range, &at, &last);
    if (at != range.length || (!has_first && !has_last) || (has_first && has_last && last < *first))
        return 0;
    if (!has_first) { /* the last so many bytes */
        *count = last < n ? last : n;
        *first = n - *count;
        return *count ? 1 : -1;
    }
    if (*first >= n)
        return -1;
    *count = (has_last && last < n ? last + 1 : n) - *first;
    return 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * glob.c: patterns of keys.  Only the last '*' is ever tried again, at one place further: the work is at most the
 * product of both lengths, whatever the pattern.
 */
#include "kv/kv.h"

/* A set [...] that begins at p[at]: whether it has c; *end is behind it. */
static bool set_has(struct text p, size_t at, char c, size_t *end)
{
    bool negated = at + 1 < p.length && p.at[at + 1] == '^', found = false;

    for (at += 1 + negated; at < p.length && p.at[at] != ']'; at++) {
        char low, high;
        if (p.at[at] == '\\' && at + 1 < p.length)
            at++;
        low = high = p.at[at];
        if (at + 2 < p.length && p.at[at + 1] == '-') {
            high = p.at[at + 2];
            at += 2;
        }
        if (low > high) {
            char swap = low;
            low = high;
            high = swap;
        }
        found |= c >= low && c <= high;
    }
    *end = at < p.length ? at + 1 : at;
    return found != negated;
}

/* Whether one element of the pattern, at p[*at], takes c; *at is then behind it. */
static bool element_takes(struct text p, size_t *at, char c)
{
    size_t i = *at;

    if (i >= p.length)
        return false;
    if (p.at[i] == '[')
        return set_has(p, i, c, at);
    if (p.at[i] == '\\' && i + 1 < p.length)
        i++;
    else if (p.at[i] == '?') {
        *at = i + 1;
        return true;
    }
    *at = i + 1;
    return p.at[i] == c;
}

bool glob_match(struct text pattern, struct text name)
{
    size_t at = 0, n = 0, star = SIZE_MAX, star_n = 0;

    while (n < name.length) {
        size_t next = at;
        if (at < pattern.length && pattern.at[at] == '*') {
            star = ++at;
            star_n = n;
        } else if (element_takes(pattern, &next, name.at[n])) {
            at = next;
            n++;
        } else if (star != SIZE_MAX) {
            at = star;
            n = ++star_n;
        } else {
            return false;
        }
    }
    while (at < pattern.length && pattern.at[at] == '*')
        at++;
    return at == pattern.length;
}

/* SPDX-License-Identifier: MIT */
/* values.c: random arguments.  Each kind is drawn from values that have a meaning and from values at every border. */
#include "fuzz_calls/fuzz.h"
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PATH_TEXT 3072

static uint64_t state;

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
uint64_t fuzz_random(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t fuzz_below(uint64_t n)
{
    return fuzz_random() % n;
}

void fuzz_seed(uint64_t seed)
{
    state = seed;
}

uint64_t fuzz_word(void)
{
    return fuzz_random() >> fuzz_below(64);
}

uint64_t fuzz_int(void)
{
    static const int64_t borders[] = {-1, -2, -100, 3,    7,    31,         62,         63,
                                      64, 65, 1024, 2047, 2048, 0x7fffffff, 0x80000000, 0xffffffff};

    switch (fuzz_below(4)) {
    case 0:
        return (uint64_t)borders[fuzz_below(COUNT(borders))];
    case 1:
        return fuzz_below(20);
    default:
        return (uint64_t)fuzz.fds[fuzz_below(FUZZ_FDS)];
    }
}

uint64_t fuzz_size(void)
{
    static const uint64_t borders[] = {0,          1,          7,          8,          4095,       4096,
                                       4097,       65536,      0x7fffffff, 0x80000000, 0xffffffff, 1ull << 40,
                                       1ull << 47, 1ull << 52, INT64_MAX,  1ull << 63, -4096ull,   -1ull};

    return fuzz_below(3) == 0 ? borders[fuzz_below(COUNT(borders))] : fuzz_below(3 * FUZZ_PAGE);
}

uint64_t fuzz_pointer_bad(void)
{
    static const uint64_t bad[] = {0,
                                   1,
                                   0xfff,
                                   0x1000,
                                   0x7ffffff00000,
                                   0x7fffffffffff,
                                   0x800000000000,
                                   0x0123456789abcdef,
                                   0xffff7fffffffffff,
                                   0xffff800000000000,
                                   0xffff800000200000,
                                   0xffffc000fee00000,
                                   0xffffc000fec00000,
                                   0xffffffff80200000,
                                   0xffffffff80000000,
                                   -4096ull,
                                   -8ull,
                                   -1ull};

    return bad[fuzz_below(COUNT(bad))];
}

uint64_t fuzz_pointer(void)
{
    switch (fuzz_below(10)) {
    case 0:
        return fuzz_pointer_bad();
    case 1:
        return (uint64_t)fuzz.edge + FUZZ_PAGE - 1 - fuzz_below(3);
    case 2:
        return (uint64_t)fuzz.edge + FUZZ_PAGE - 8 * fuzz_below(20);
    case 3:
        return (uint64_t)fuzz.readonly + fuzz_below(FUZZ_PAGE);
    case 4:
        return (uint64_t)fuzz.region + fuzz_below(FUZZ_REGION / FUZZ_PAGE) * FUZZ_PAGE + fuzz_below(2) * fuzz_below(64);
    case 5:
        return (uint64_t)fuzz.file_map + fuzz_below(FUZZ_FILE_MAP);
    case 6:
        return (uint64_t)fuzz.zeros;
    default:
        return (uint64_t)fuzz.arena + fuzz_below(FUZZ_ARENA - 4 * FUZZ_PAGE) / 8 * 8 + (fuzz_below(8) == 0);
    }
}

/* Names below the scratch directory, so few that calls meet each other's work. */
uint64_t fuzz_path(void)
{
    static const char *const names[] = {
        "a",   "b",     "c/",    "dir",   "dir/a", "dir/b/c", "link",    "dir/link/../a",
        "a/b", "dir//", "dir/.", "dir/b", "loop",  "./loop",  "dir/../b"};
    static const char *const fixed[] = {"", ".", "..", "/", "//", "/..", "data/dir/file", "/none/at/all", "/tmp"};
    static char texts[4][PATH_TEXT];
    static unsigned next;
    char *text = texts[next++ % COUNT(texts)];

    switch (fuzz_below(8)) {
    case 0:
        return fuzz_pointer();
    case 1:
        return (uint64_t)fixed[fuzz_below(COUNT(fixed))];
    case 2: { /* a name, or a path, that is too long or just fits */
        size_t n = (fuzz_below(2) ? 250 : 1010) + fuzz_below(20);
        memset(text, 'x', n);
        for (size_t i = 0; n > 300 && i < n; i += 100)
            text[i] = '/';
        text[n] = 0;
        return (uint64_t)text;
    }
    case 3: /* a string that ends at the edge, or does not end */
        memset(fuzz.edge + FUZZ_PAGE - 64, 'e', 64);
        fuzz.edge[FUZZ_PAGE - 1] = fuzz_below(2) ? 0 : 'e';
        return (uint64_t)fuzz.edge + FUZZ_PAGE - 1 - fuzz_below(64);
    default:
        snprintf(text, PATH_TEXT, "%s/%s", fuzz.directory, names[fuzz_below(COUNT(names))]);
        return (uint64_t)text;
    }
}

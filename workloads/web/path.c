/* SPDX-License-Identifier: MIT */
/* path.c: from the target of a request to the name of a file (RFC 9112, section 3.2; RFC 3986, sections 2.1, 3.3). */
#include "web/http.h"
#include <string.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "http://host/path": what is behind the host. */
static struct span absolute_strip(struct span target)
{
    static const char scheme[] = "http://";
    const char *slash;

    if (target.length < sizeof scheme - 1 || !span_is((struct span){target.at, sizeof scheme - 1}, scheme))
        return target;
    target.at += sizeof scheme - 1;
    target.length -= sizeof scheme - 1;
    slash = memchr(target.at, '/', target.length);
    if (!slash)
        return (struct span){"/", 1};
    return (struct span){slash, target.length - (size_t)(slash - target.at)};
}

/* Decodes one character of the target to *c, and how long it was; 0 if it is not well formed. */
static size_t character_read(struct span t, size_t at, char *c)
{
    int high, low;

    if (t.at[at] != '%') {
        *c = t.at[at];
        return 1;
    }
    high = at + 2 < t.length ? hex(t.at[at + 1]) : -1;
    low = at + 2 < t.length ? hex(t.at[at + 2]) : -1;
    if (high < 0 || low < 0)
        return 0;
    *c = (char)(high * 16 + low);
    return 3;
}

/* A component that begins at path[start] has ended: no "..", no "."; an empty one goes. */
static bool component_end(char *path, size_t start, size_t *n)
{
    size_t length = *n - start;

    if (length == 1 && path[start] == '.')
        *n = start;
    return !(length == 2 && path[start] == '.' && path[start + 1] == '.');
}

int http_path(struct span target, char path[HTTP_PATH_MAX], bool *folder)
{
    struct span t = absolute_strip(target);
    size_t n = 0, start = 0, taken;

    if (!t.length || *t.at != '/')
        return 400;
    for (size_t at = 0; at < t.length && t.at[at] != '?' && t.at[at] != '#'; at += taken) {
        char c;
        taken = character_read(t, at, &c);
        if (!taken || !c)
            return 400;
        if (c == '/') {
            if (!component_end(path, start, &n))
                return 400;
            if (n > 0 && path[n - 1] != '/')
                path[n++] = '/';
            start = n;
        } else {
            path[n++] = c;
        }
        if (n >= HTTP_PATH_MAX - 1)
            return 414;
    }
    if (!component_end(path, start, &n))
        return 400;
    *folder = n == 0 || path[n - 1] == '/';
    if (n > 0 && path[n - 1] == '/')
        n--;
    path[n] = 0;
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* cache.c: the files that are served (cache.h). */
#include "web/cache.h"
#include "toll_hash.h"
#include "web/date.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- opening ---- */

/* Each component on the way must be a folder, and nothing may be a link. */
static int open_beneath(int root, const char *path)
{
    char name[HTTP_PATH_MAX];
    int at = root, next;

    for (;;) {
        size_t n = strcspn(path, "/");
        bool last = !path[n];
        memcpy(name, path, n);
        name[n] = 0;
        next = openat(at, n ? name : ".", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (last ? 0 : O_DIRECTORY));
        if (at != root)
            close(at);
        if (next < 0 || last)
            return next;
        at = next;
        path += n + 1;
    }
}

static int status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return 404;
    case EACCES:
    case EPERM:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    }
    return 500;
}

/* ---- entries ---- */

static uint64_t memory_of(const struct cache_file *f)
{
    return sizeof *f + strlen(f->path) + (f->content ? f->bytes : 0);
}

static void file_free(struct cache *cache, struct cache_file *f)
{
    cache->bytes -= memory_of(f);
    if (f->descriptor >= 0)
        close(f->descriptor);
    free(f->content);
    free(f);
}

static void file_unlink(struct cache *cache, struct cache_file *f)
{
    struct cache_file **at = &cache->places[f->hash % 256];

    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    cache->count--;
    f->current = false;
    if (!f->users)
        file_free(cache, f);
}

void cache_put(struct cache *cache, struct cache_file *f)
{
    if (--f->users == 0 && !f->current)
        file_free(cache, f);
}

static bool same_file(const struct cache_file *f, const struct stat *s)
{
    return f->bytes == (uint64_t)s->st_size && f->modified_s == s->st_mtim.tv_sec &&
           f->modified_ns == (uint64_t)s->st_mtim.tv_nsec && f->node == s->st_ino && f->device == s->st_dev;
}

static bool content_read(struct cache_file *f)
{
    uint64_t done = 0;

    f->content = malloc(f->bytes ? f->bytes : 1);
    while (f->content && done < f->bytes) {
        ssize_t n = pread(f->descriptor, f->content + done, f->bytes - done, (off_t)done);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            free(f->content);
            f->content = NULL;
        } else if (n > 0) {
            done += (uint64_t)n;
        }
    }
    return f->content != NULL;
}

static void head_write(struct cache_file *f)
{
    char date[DATE_BYTES + 1];

    date_write(f->modified_s, date);
    f->tag_length = (size_t)snprintf(f->tag, sizeof f->tag, "\"%llx-%llx-%llx\"", (unsigned long long)f->node,
                                     (unsigned long long)f->bytes,
                                     (unsigned long long)f->modified_s * 1000000000u + f->modified_ns);
    f->head_length = (size_t)snprintf(f->head, sizeof f->head,
                                      "Content-Type: %s\r\nLast-Modified: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\n",
                                      f->type, date, f->tag);
}

/* The least recently used go until n more bytes fit. */
static void room_make(struct cache *cache, uint64_t n)
{
    while (cache->count && (cache->bytes + n > cache->limit || cache->count >= CACHE_FILES_MAX)) {
        struct cache_file *oldest = NULL;
        for (unsigned i = 0; i < 256; i++)
            for (struct cache_file *f = cache->places[i]; f; f = f->next)
                if (!oldest || f->used < oldest->used)
                    oldest = f;
        file_unlink(cache, oldest);
    }
}

static struct cache_file *file_make(const char *path, uint64_t hash, int descriptor, const struct stat *s)
{
    struct cache_file *f = calloc(1, sizeof *f + strlen(path) + 1);

    if (!f)
        return NULL;
    strcpy(f->path, path);
    f->hash = hash;
    f->descriptor = descriptor;
    f->bytes = (uint64_t)s->st_size;
    f->modified_s = s->st_mtim.tv_sec;
    f->modified_ns = (uint64_t)s->st_mtim.tv_nsec;
    f->node = s->st_ino;
    f->device = s->st_dev;
    f->type = type_of(path);
    head_write(f);
    if (f->bytes <= CACHE_WHOLE_MAX && content_read(f)) {
        close(f->descriptor);
        f->descriptor = -1;
    }
    return f;
}

static struct cache_file *file_open(struct cache *cache, const char *path, uint64_t hash, int *status)
{
    int descriptor = open_beneath(cache->root, path);
    struct cache_file *f;
    struct stat s;

    *status = descriptor < 0 || fstat(descriptor, &s) != 0 ? status_of(errno)
              : S_ISDIR(s.st_mode)                         ? 301
              : S_ISREG(s.st_mode)                         ? 0
                                                           : 403;
    f = *status ? NULL : file_make(path, hash, descriptor, &s);
    if (!f) {
        if (descriptor >= 0)
            close(descriptor);
        *status = *status ? *status : 503;
        return NULL;
    }
    room_make(cache, memory_of(f));
    cache->bytes += memory_of(f);
    cache->count++;
    f->current = true;
    f->next = cache->places[hash % 256];
    cache->places[hash % 256] = f;
    return f;
}

/* Whether the file system still has what is kept. */
static bool is_current(struct cache *cache, struct cache_file *f, int64_t now_s)
{
    struct stat s;
    int descriptor;
    bool same;

    if (f->checked_s == now_s)
        return true;
    descriptor = open_beneath(cache->root, f->path);
    same = descriptor >= 0 && fstat(descriptor, &s) == 0 && same_file(f, &s);
    if (descriptor >= 0)
        close(descriptor);
    f->checked_s = now_s;
    return same;
}

struct cache_file *cache_get(struct cache *cache, const char *path, int64_t now_s, int *status)
{
    uint64_t hash = toll_hash(TOLL_HASH_START, path, strlen(path));
    struct cache_file *f = cache->places[hash % 256];

    while (f && (f->hash != hash || strcmp(f->path, path) != 0))
        f = f->next;
    if (f && !is_current(cache, f, now_s)) {
        file_unlink(cache, f);
        f = NULL;
    }
    if (f) {
        cache->hits++;
    } else {
        cache->misses++;
        f = file_open(cache, path, hash, status);
        if (!f)
            return NULL;
        f->checked_s = now_s;
    }
    f->used = ++cache->uses;
    f->users++;
    return f;
}

void cache_free(struct cache *cache)
{
    for (unsigned i = 0; i < 256; i++)
        while (cache->places[i])
            file_unlink(cache, cache->places[i]);
}

/* SPDX-License-Identifier: MIT */
/*
 * cache.h: the files of the document root.  Small ones are kept whole with the part of their answer's head that never
 * changes; of large ones that part and an open descriptor.  What is kept is compared with the file system once a second
 * at most.  A name is opened component by component and follows no symbolic link, so none leads out of the root.
 */
#ifndef WEB_CACHE_H
#define WEB_CACHE_H

#include "web/http.h"

#define CACHE_HEAD_MAX 256u
#define CACHE_TAG_MAX 64u
#define CACHE_WHOLE_MAX 65536u /* larger files are not kept whole */
#define CACHE_FILES_MAX 512u

struct cache_file {
    struct cache_file *next; /* with the same hash */
    uint64_t hash;
    unsigned users; /* answers under way; one that is out of date goes with the last */
    bool current;
    int descriptor; /* of a file that is not kept whole; else -1 */
    char *content;  /* NULL: not kept whole */
    uint64_t bytes;
    int64_t modified_s, checked_s, used;
    uint64_t device, node, modified_ns;
    size_t head_length, tag_length;
    char tag[CACHE_TAG_MAX];   /* with its quotes: a strong validator */
    char head[CACHE_HEAD_MAX]; /* Content-Type, Last-Modified, ETag, Accept-Ranges: whole lines */
    const char *type;
    char path[];
};

struct cache {
    int root; /* descriptor of the document root */
    uint64_t limit, bytes;
    unsigned count;
    int64_t uses;
    struct cache_file *places[256];
    uint64_t hits, misses;
};

/* The file at path as http_path gives it, to be given back with cache_put.  NULL with *status: 404, 403, 500, 503, or
   301: it is a folder. */
struct cache_file *cache_get(struct cache *cache, const char *path, int64_t now_s, int *status);
void cache_put(struct cache *cache, struct cache_file *file);
void cache_free(struct cache *cache);

/* type.c: the media type for a name, by what follows its last dot. */
const char *type_of(const char *path);

#endif

/* SPDX-License-Identifier: MIT */
/* file.h: what reading and writing share. */
#ifndef TOLL_FS_FILE_H
#define TOLL_FS_FILE_H

#include "fs_part.h"

/* The open file with that number, or NULL and why it is none. */
static inline struct node *file_at(int number, int *error)
{
    struct node *n = node_at(number);
    if (LIKELY(n && node_is(n, EXT2_S_FILE)))
        return n;
    *error = !n ? -EBADF : node_is(n, EXT2_S_DIR) ? -EISDIR : -EINVAL;
    return NULL;
}

/* The block's buffer, pinned, if it is there and nothing else is to be done; false if not.  NULL for a hole. */
static inline bool file_pin_fast(const struct node *n, uint64_t index, struct buffer **out)
{
    uint32_t block = map_find_fast(n, index);
    if (UNLIKELY(block == MAP_UNKNOWN))
        return false;
    *out = NULL;
    if (UNLIKELY(!block))
        return true;
    struct buffer *b = cache_find(block);
    if (UNLIKELY(!b || (b->flags & (BUFFER_VALID | BUFFER_AHEAD)) != BUFFER_VALID))
        return false;
    b->flags |= BUFFER_USED;
    b->pins++;
    volume.books.cache_hits++;
    *out = b;
    return true;
}

#endif

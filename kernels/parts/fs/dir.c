/* SPDX-License-Identifier: MIT */
/*
 * dir.c: directories: blocks full of entries, each with its length, so that they fill the block exactly.  An entry
 * is removed by making the one before it longer, or by inode 0 if it is the first in its block; entries never move.
 *
 * Every entry is checked each time a walk comes by: whatever is in a block now may not be what was there before.
 */
#include "fs_part.h"

struct walk {
    struct node *dir;
    uint32_t index; /* of the block */
    struct buffer *buffer;
    uint32_t offset, previous;
};

static struct ext2_entry *entry_at(struct buffer *b, uint32_t offset)
{
    return (struct ext2_entry *)(b->data + offset);
}

uint8_t dir_type(uint32_t mode)
{
    switch (mode & EXT2_S_FMT) {
    case EXT2_S_FILE:
        return 1;
    case EXT2_S_DIR:
        return 2;
    case EXT2_S_CHAR:
        return 3;
    case EXT2_S_BLOCK:
        return 4;
    case EXT2_S_FIFO:
        return 5;
    case EXT2_S_SOCKET:
        return 6;
    default:
        return 7;
    }
}

/* Linux's DT_* for ext2's file types. */
static uint8_t linux_type(uint8_t type)
{
    static const uint8_t types[] = {0, 8, 4, 2, 6, 1, 12, 10};
    return type < sizeof types ? types[type] : 0;
}

static int get_block(struct node *dir, uint32_t index, struct buffer **out)
{
    uint32_t block;
    int error = map_find(dir, index, &block);
    if (error)
        return error;
    if (!block)
        return volume_damage("hole in directory", dir->ino);
    return cache_get(block, out);
}

static bool entry_sound(struct buffer *b, uint32_t offset)
{
    if (offset + EXT2_ENTRY_BYTES(0) > volume.block_bytes)
        return false;
    const struct ext2_entry *e = entry_at(b, offset);
    return e->bytes % 4 == 0 && e->bytes >= EXT2_ENTRY_BYTES(e->name_length) &&
           e->bytes <= volume.block_bytes - offset && e->ino <= volume.inodes && (!e->ino || e->name_length);
}

/* The walk is at its start, or at an entry: goes to the next one.  1, 0 at the end (nothing is pinned then). */
static int walk_next(struct walk *w)
{
    if (w->buffer) {
        w->previous = w->offset;
        w->offset += entry_at(w->buffer, w->offset)->bytes;
        if (w->offset >= volume.block_bytes) {
            cache_put(w->buffer);
            w->buffer = NULL;
            w->index++;
        }
    }
    if (!w->buffer) {
        if (w->index >= w->dir->size >> volume.block_shift)
            return 0;
        int error = get_block(w->dir, w->index, &w->buffer);
        if (error)
            return error;
        w->offset = w->previous = 0;
    }
    if (entry_sound(w->buffer, w->offset))
        return 1;
    cache_put(w->buffer);
    return volume_damage("entry in directory", w->dir->ino);
}

int dir_find(struct node *dir, const char *name, uint32_t length, struct dir_place *out)
{
    struct walk w = {.dir = dir};
    int more;
    while ((more = walk_next(&w)) > 0) {
        const struct ext2_entry *e = entry_at(w.buffer, w.offset);
        if (e->ino && e->name_length == length && e->name[0] == name[0] && !memcmp(e->name, name, length)) {
            *out = (struct dir_place){w.buffer, w.offset, w.previous, e->ino};
            return 0;
        }
    }
    return more ? more : -ENOENT;
}

static void set_entry(struct ext2_entry *e, const struct node *child)
{
    e->ino = child->ino;
    e->type = volume.file_types ? dir_type(child->mode) : 0;
}

static void fill_entry(struct ext2_entry *e, uint32_t bytes, const char *name, uint32_t length,
                       const struct node *child)
{
    e->bytes = (uint16_t)bytes;
    e->name_length = (uint8_t)length;
    memcpy(e->name, name, length);
    set_entry(e, child);
}

static void changed(struct node *dir, struct buffer *b, enum buffer_class class)
{
    cache_dirty(b, class);
    dir->mtime = dir->ctime = volume_now();
    dir->flags &= ~EXT2_FLAG_INDEX;
    node_touch(dir);
}

/* One more block at the end, with one unused entry. */
static int grow(struct node *dir, struct buffer **out)
{
    uint32_t block;
    if (dir->size >> volume.block_shift >= volume.blocks || dir->size + volume.block_bytes > INT32_MAX)
        return -ENOSPC;
    int error = map_alloc(dir, dir->size >> volume.block_shift, &block);
    if (!error)
        error = cache_get_cleared(block, out);
    if (error)
        return error;
    entry_at(*out, 0)->bytes = (uint16_t)volume.block_bytes;
    cache_dirty(*out, CLASS_META); /* nothing on the disk leads here yet */
    dir->size += volume.block_bytes;
    node_touch(dir);
    return 0;
}

int dir_add(struct node *dir, const char *name, uint32_t length, const struct node *child, struct buffer **where)
{
    struct walk w = {.dir = dir};
    uint32_t need = EXT2_ENTRY_BYTES(length), used = 0;
    int more;
    while ((more = walk_next(&w)) > 0) {
        const struct ext2_entry *e = entry_at(w.buffer, w.offset);
        used = e->ino ? EXT2_ENTRY_BYTES(e->name_length) : 0;
        if (e->bytes - used >= need)
            break;
    }
    if (more < 0)
        return more;
    if (more == 0) {
        int error = grow(dir, &w.buffer);
        if (error)
            return error;
        w.offset = used = 0;
    }
    struct ext2_entry *e = entry_at(w.buffer, w.offset);
    uint32_t bytes = e->bytes - used;
    if (used)
        e->bytes = (uint16_t)used;
    fill_entry(entry_at(w.buffer, w.offset + used), bytes, name, length, child);
    changed(dir, w.buffer, CLASS_DIR);
    *where = w.buffer;
    cache_put(w.buffer);
    names_add(dir->ino, name, length, child);
    return 0;
}

void dir_remove(struct node *dir, struct dir_place *place, bool late)
{
    struct ext2_entry *e = entry_at(place->buffer, place->offset);
    names_remove(dir->ino, e->name, e->name_length);
    if (place->previous == place->offset) {
        e->ino = 0;
    } else {
        struct ext2_entry *before = entry_at(place->buffer, place->previous);
        before->bytes = (uint16_t)(before->bytes + e->bytes);
    }
    changed(dir, place->buffer, late ? CLASS_LATE : CLASS_DIR);
}

void dir_set(struct node *dir, struct dir_place *place, const struct node *child)
{
    struct ext2_entry *e = entry_at(place->buffer, place->offset);
    names_remove(dir->ino, e->name, e->name_length);
    set_entry(e, child);
    changed(dir, place->buffer, CLASS_DIR);
}

int dir_next(struct node *dir, uint64_t *cookie, struct fs_entry *out)
{
    struct walk w = {.dir = dir, .index = (uint32_t)(*cookie >> volume.block_shift)};
    int more;
    if (*cookie >= dir->size)
        return 0;
    while ((more = walk_next(&w)) > 0) {
        const struct ext2_entry *e = entry_at(w.buffer, w.offset);
        uint64_t position = ((uint64_t)w.index << volume.block_shift) + w.offset;
        if (!e->ino || position < *cookie)
            continue;
        out->node = e->ino;
        out->type = volume.file_types ? linux_type(e->type) : 0;
        out->name_length = e->name_length;
        memcpy(out->name, e->name, e->name_length);
        out->name[e->name_length] = 0;
        *cookie = position + e->bytes;
        cache_put(w.buffer);
        if (strnlen(out->name, out->name_length) < out->name_length || strchr(out->name, '/'))
            return volume_damage("name in directory", dir->ino);
        return 1;
    }
    return more;
}

static bool is_dots(const struct ext2_entry *e)
{
    return e->name[0] == '.' && (e->name_length == 1 || (e->name_length == 2 && e->name[1] == '.'));
}

int dir_check_empty(struct node *dir)
{
    struct walk w = {.dir = dir};
    int more;
    while ((more = walk_next(&w)) > 0) {
        const struct ext2_entry *e = entry_at(w.buffer, w.offset);
        if (e->ino && !is_dots(e)) {
            cache_put(w.buffer);
            return -ENOTEMPTY;
        }
    }
    return more;
}

int dir_make(struct node *dir, const struct node *parent)
{
    struct buffer *b;
    int error = grow(dir, &b);
    if (error)
        return error;
    fill_entry(entry_at(b, 0), EXT2_ENTRY_BYTES(1), ".", 1, dir);
    fill_entry(entry_at(b, EXT2_ENTRY_BYTES(1)), volume.block_bytes - EXT2_ENTRY_BYTES(1), "..", 2, parent);
    cache_put(b);
    return 0;
}

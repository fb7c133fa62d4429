/* SPDX-License-Identifier: MIT */
/*
 * names.c: remembers where names led: (directory, name) to an inode and its place in the table of nodes.  A table
 * without chains, in which a new name takes the place of an older one; long names are not kept.  Whoever changes a
 * directory entry removes its name here, so what is found is right; what is not found must be looked up.
 */
#include "fs_part.h"

struct name names[NAMES_COUNT];

void names_init(void)
{
    for (uint32_t i = 0; i < NAMES_COUNT; i++)
        names[i].dir = 0;
}

static uint32_t hash(uint32_t dir, const char *text, uint32_t length)
{
    uint32_t h = names_hash_start(dir);
    for (uint32_t i = 0; i < length; i++)
        h = names_hash_add(h, text[i]);
    return h;
}

static bool matches(const struct name *e, uint32_t dir, const char *text, uint32_t length)
{
    return e->dir == dir && e->length == length && !memcmp(e->text, text, length);
}

const struct name *names_find(uint32_t dir, const char *text, uint32_t length)
{
    const struct name *e = names_slot(hash(dir, text, length));
    return matches(e, dir, text, length) ? e : NULL;
}

void names_add(uint32_t dir, const char *text, uint32_t length, const struct node *child)
{
    uint32_t h = hash(dir, text, length);
    struct name *e = names_slot(h);
    if (length > NAMES_LENGTH_MAX)
        return;
    e->hash = h;
    e->dir = dir;
    e->ino = child->ino;
    e->node = (uint16_t)node_number(child);
    e->length = (uint8_t)length;
    memcpy(e->text, text, length);
}

void names_remove(uint32_t dir, const char *text, uint32_t length)
{
    struct name *e = names_slot(hash(dir, text, length));
    if (matches(e, dir, text, length))
        e->dir = 0;
}

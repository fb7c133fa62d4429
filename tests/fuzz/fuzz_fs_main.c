/* SPDX-License-Identifier: MIT */
/*
 * fuzz_fs_main.c: fuzz_fs IMAGE COUNT SEED: damages a sound ext2 image COUNT times, each time anew, where it hurts
 * (superblock, descriptors, bitmaps, inodes, directories, indirect blocks), and hands each one to the fuzz target.
 * Prints how far it came if it is stopped; the same arguments do the same again.
 */
#include "fuzz_fs.h"
#include "host.h"
#include "parts/fs/ext2.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACES_MAX 4096u
#define SECONDS_EACH 20u

/* Bytes of the image worth damaging. */
struct place {
    uint64_t offset;
    uint32_t bytes;
};

static struct place places[PLACES_MAX];
static unsigned place_count;
static uint8_t *sound;
static uint64_t sound_bytes, state;
static uint32_t block_bytes;
static unsigned long current;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static void add_place(uint64_t offset, uint32_t bytes)
{
    if (place_count < PLACES_MAX && offset + bytes <= sound_bytes)
        places[place_count++] = (struct place){offset, bytes};
}

static void add_tree(uint32_t block, unsigned depth, bool leaves)
{
    uint64_t offset = (uint64_t)block * block_bytes;
    if (!block || offset + block_bytes > sound_bytes)
        return;
    if (depth || leaves)
        add_place(offset, block_bytes);
    const uint32_t *pointers = (const uint32_t *)(sound + offset);
    for (uint32_t i = 0; depth && i < block_bytes / 4; i++)
        add_tree(pointers[i], depth - 1, leaves);
}

static void add_inode(uint64_t offset)
{
    const struct ext2_inode *inode = (const struct ext2_inode *)(sound + offset);
    uint32_t type = inode->mode & EXT2_S_FMT;
    if (!inode->links)
        return;
    add_place(offset, sizeof *inode);
    if (type != EXT2_S_DIR && type != EXT2_S_FILE)
        return;
    for (unsigned i = 0; i < EXT2_POINTERS; i++)
        add_tree(inode->block[i], i < EXT2_DIRECT ? 0 : i - EXT2_DIRECT + 1, type == EXT2_S_DIR);
}

static bool find_places(void)
{
    const struct ext2_super *super = (const struct ext2_super *)(sound + EXT2_SUPER_OFFSET);
    if (sound_bytes < 8192 || super->magic != EXT2_MAGIC)
        return false;
    block_bytes = 1024u << super->log_block_bytes;
    uint32_t groups = (super->blocks - super->first_block + super->blocks_per_group - 1) / super->blocks_per_group;
    uint64_t table = (uint64_t)(super->first_block + 1) * block_bytes;
    add_place(EXT2_SUPER_OFFSET, sizeof *super);
    add_place(table, groups * (uint32_t)sizeof(struct ext2_group));
    for (uint32_t g = 0; g < groups; g++) {
        const struct ext2_group *d = (const struct ext2_group *)(sound + table) + g;
        add_place((uint64_t)d->block_bitmap * block_bytes, block_bytes);
        add_place((uint64_t)d->inode_bitmap * block_bytes, block_bytes);
        for (uint32_t i = 0; i < super->inodes_per_group; i++)
            add_inode((uint64_t)d->inode_table * block_bytes + (uint64_t)i * super->inode_bytes);
    }
    return true;
}

static uint32_t some_value(uint32_t old)
{
    switch (random_below(8)) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX;
    case 2:
        return old + 1;
    case 3:
        return old - 1;
    case 4:
        return (uint32_t)(places[random_below(place_count)].offset / block_bytes);
    case 5:
        return (uint32_t)(sound_bytes / block_bytes);
    case 6:
        return random_below(64);
    default:
        return random_below(UINT32_MAX);
    }
}

static void damage(uint8_t *image)
{
    const struct place *p = &places[random_below(place_count)];
    /* The head of a block of pointers or entries is what gets used most. */
    uint32_t reach = random_below(2) && p->bytes > 64 ? 64 : p->bytes, at = random_below(reach);
    uint8_t *to = image + p->offset + at;
    uint32_t width = 1u << random_below(3), value;
    if (random_below(4) == 0) {
        *to ^= (uint8_t)(1u << random_below(8));
        return;
    }
    to -= at % width;
    value = 0;
    memcpy(&value, to, width);
    value = some_value(value);
    memcpy(to, &value, width);
}

static void one_image(unsigned long seed)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
    uint8_t *image = malloc(sound_bytes);
    uint64_t bytes = sound_bytes;
    memcpy(image, sound, bytes);
    for (unsigned n = 1 + random_below(4); n; n--)
        damage(image);
    if (random_below(20) == 0)
        bytes = random_below((uint32_t)bytes);
    LLVMFuzzerTestOneInput(image, bytes);
    free(image);
}

static void say_where(int signal)
{
    char line[64];
    int n = snprintf(line, sizeof line, "fuzz_fs: signal %d at seed %lu\n", signal, current);
    if (write(STDERR_FILENO, line, (size_t)n) != n)
        _exit(2);
    _exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: fuzz_fs IMAGE COUNT SEED\n");
        return 2;
    }
    sound = host_blk_load(argv[1], &sound_bytes);
    if (!sound || !find_places()) {
        fprintf(stderr, "fuzz_fs: %s: not an ext2 image\n", argv[1]);
        return 2;
    }
    unsigned long count = strtoul(argv[2], NULL, 0), seed = strtoul(argv[3], NULL, 0);
    signal(SIGABRT, say_where);
    signal(SIGALRM, say_where);
    for (unsigned long i = 0; i < count; i++) {
        current = seed + i;
        alarm(SECONDS_EACH);
        one_image(current);
    }
    printf("fuzz_fs: %lu images, %u places\n", count, place_count);
    free(sound);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * read_hot: reading what is already in memory.  The operation is one pread of 4 KiB from a 64 KiB file that was
 * read through before, at offsets that visit all of its blocks in turn.  Every block starts with its own number
 * (mkdata.py), and the sum of those numbers is checked.
 */
#include "toll.h"
#include "toll_hash.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 4096u
#define BLOCKS 16u
#define STRIDE 5u /* prime to BLOCKS: all blocks are visited, none after its neighbour */

static union {
    uint64_t number;
    unsigned char bytes[BLOCK];
} block __attribute__((aligned(BLOCK)));

int main(int argc, char **argv)
{
    toll_main(argc, argv, "read_hot");
    const char *path = toll_arg("file", "data/read.bin");
    uint64_t ops = toll_arg_number("ops", 500), warm = toll_arg_number("warm", BLOCKS);

    int fd = open(path, O_RDONLY);
    toll_check(fd >= 0, "%s: cannot be opened: %s", path, strerror(errno));
    uint64_t hash = TOLL_HASH_START;
    for (unsigned i = 0; i < BLOCKS; i++) {
        toll_check(pread(fd, block.bytes, BLOCK, (off_t)(i * BLOCK)) == BLOCK, "%s: too short", path);
        hash = toll_hash(hash, block.bytes, BLOCK);
    }

    uint64_t sum = 0;
    unsigned at = 0, wrong = 0;
    TOLL_WINDOW(ops, warm)
    {
        wrong |= pread(fd, block.bytes, BLOCK, (off_t)(at * BLOCK)) != BLOCK;
        sum += block.number;
        at = (at + STRIDE) % BLOCKS;
    }
    toll_check(!wrong, "%s: a read fell short", path);

    uint64_t expected = 0;
    for (uint64_t i = 0; i < ops + warm; i++)
        expected += i * STRIDE % BLOCKS;
    toll_check(sum == expected, "%s: blocks add up to %llu, not %llu", path, (unsigned long long)sum,
               (unsigned long long)expected);
    close(fd);
    toll_output(&hash, sizeof hash);
    return toll_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * read_cold: reading what only the disk has.  The operation is one pread of a 4 KiB block that nobody has read
 * since boot.  Coldness comes from the choice of blocks alone: each is read once, every fourth block of the file
 * is used and never its first, and they come in a scattered order, so that neither a cache nor a reader-ahead that
 * looks for neighbours has them already.  The file has room for 256 such blocks.
 */
#include "toll.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 4096u
#define SLOTS 256u /* a power of two */
#define SLOT_BLOCKS 4u
#define STRIDE 97u /* odd: i * STRIDE visits every slot once */

static union {
    uint64_t numbers[BLOCK / 8];
    unsigned char bytes[BLOCK];
} block __attribute__((aligned(BLOCK)));

static uint64_t block_number(uint64_t i)
{
    return i * STRIDE % SLOTS * SLOT_BLOCKS + 1;
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "read_cold");
    const char *path = toll_arg("file", "data/cold.bin");
    uint64_t ops = toll_arg_number("ops", 200), warm = toll_arg_number("warm", 8);

    int fd = open(path, O_RDONLY);
    toll_check(fd >= 0, "%s: cannot be opened: %s", path, strerror(errno));
    toll_check(ops + warm <= SLOTS, "ops + warm is %llu, but the file has cold blocks for %u only",
               (unsigned long long)(ops + warm), SLOTS);

    uint64_t i = 0, sum = 0;
    unsigned wrong = 0;
    block.bytes[0] = 0; /* page faults of the buffer and of the function stay outside */
    toll_check(pread(fd, block.bytes, 0, 0) == 0, "%s: reading nothing: %s", path, strerror(errno));
    TOLL_WINDOW(ops, warm)
    {
        wrong |= pread(fd, block.bytes, BLOCK, (off_t)(block_number(i) * BLOCK)) != BLOCK;
        wrong |= block.numbers[0] != block_number(i);
        sum += block.numbers[BLOCK / 8 - 1];
        i++;
    }
    toll_check(!wrong, "%s: a read fell short or brought another block", path);
    close(fd);
    toll_output(&sum, sizeof sum);
    return toll_done();
}
